#!/usr/bin/env bash
# Joins the images of all architectures, which the registry has without a tag, in one index and pushes it.
# Needs neither root nor any capability.
# Arguments: lists, each led by its name: --architectures, --tags (templates of more tags, see tags.sh), --insecure-registries.
# Environment: SHARED, MEMBERS (folder of it with a layout for each architecture, which needs no layers; <architecture>.bases
# beside it may name the base images, <architecture>.sbom.json list what is in it), IMAGE (repository:tag), RUN (name of the run, a tag of
# its own), TIMESTAMP (the commit's, in seconds since 1970), HOME; optional SBOM (true: such lists are attached), COMMIT, BRANCH (for the templates), KEY (of find-built.sh, a tag `built-<key>`),
# DOCKERCONFIG (folder with config.json or .dockerconfigjson), TRUST, CONTAINERS (storage); results are written to
# the files $RESULT_IMAGE, $RESULT_MEMBERS, $RESULT_IMAGE_URL, $RESULT_IMAGE_DIGEST, $RESULT_IMAGES.
set -euo pipefail
task=buildah-push
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=index.sh
source "$(dirname "${BASH_SOURCE[0]}")/index.sh"
# shellcheck source-path=SCRIPTDIR source=tags.sh
source "$(dirname "${BASH_SOURCE[0]}")/tags.sh"
# shellcheck source-path=SCRIPTDIR source=place.sh
source "$(dirname "${BASH_SOURCE[0]}")/place.sh"
# shellcheck source-path=SCRIPTDIR source=sboms.sh
source "$(dirname "${BASH_SOURCE[0]}")/sboms.sh"

: "${SHARED:?}" "${MEMBERS:?}" "${IMAGE:?}" "${RUN:?}" "${TIMESTAMP:?}" "${HOME:?}" "${RESULT_IMAGE:?}" "${RESULT_MEMBERS:?}" "${RESULT_IMAGE_URL:?}" "${RESULT_IMAGE_DIGEST:?}" "${RESULT_IMAGES:?}"
architectures=() tags=() insecure_registries=()
read_lists "architectures tags insecure-registries" "$@"
[[ ${#architectures[@]} -gt 0 ]] || fail "no architecture given"
check_image # sets $repository
[[ -z ${KEY:-} || $KEY =~ ^[0-9a-f]{40}$ ]] || fail "the key '$KEY' is not 40 hexadecimal digits"
fill_in_tags # sets $more_tags
use_buildah "${insecure_registries[@]}"
created=$(date --utc --date "@$TIMESTAMP" +%Y-%m-%dT%H:%M:%SZ)
expected=()
members=()

# Base images of the image of an architecture, as an annotation; `-` if nobody wrote down which.
bases_of() {
  local file=$SHARED/$MEMBERS/$1.bases line
  if [[ ! -f $file ]]; then
    echo -
    return 0
  fi
  while read -r line || [[ -n $line ]]; do
    [[ $line =~ ^[A-Za-z0-9._:/-]+@sha256:[0-9a-f]{64}$ ]] && continue
    warn "'$MEMBERS/$1.bases' has a line that names no image: nothing is said about the base images for $1"
    echo -
    return 0
  done <"$file"
  # In one order, so that the same bases give the same index.
  LC_ALL=C sort -u "$file" | paste -sd ';'
}

# Makes the index `index` of the images.
join_members() {
  local architecture layout member text found bases
  echo "joining the images of ${architectures[*]}" >&2
  new_index index || fail "cannot make an index"
  for architecture in "${architectures[@]}"; do
    layout=$SHARED/$MEMBERS/$architecture
    [[ -f $layout/index.json ]] || fail "there is no image for $architecture in '$MEMBERS/$architecture'"
    member=$(digest_of_layout "$layout")
    [[ -n $member ]] || fail "'$MEMBERS/$architecture' holds not exactly one image"
    bases=$(bases_of "$architecture")
    add_member index "oci:$layout:result" "$bases" || fail "the image in '$MEMBERS/$architecture' cannot be read"
    expected+=("linux/$architecture")
    members+=("$member")
    text=$(inspect_index index) || fail "the index cannot be read"
    found=$(platforms "$text")
    [[ $found == "$(printf '%s\n' "${expected[@]}")" ]] ||
      fail "the image in '$MEMBERS/$architecture' is for $(tail -n 1 <<<"${found:-nothing}"), not for linux/$architecture"
  done
}

# Whether what the registry has is what was meant, and all of it. Sets $stored, the registry's answer.
read_back() {
  local text found
  text=$(inspect_remote "$repository@$wanted") || fail "the registry does not give back $repository@$wanted"
  found=$(platforms "$text" | sort)
  [[ $found == "$(printf '%s\n' "${expected[@]}" | sort)" ]] ||
    fail "the registry gives $repository@$wanted with the platforms ${found//$'\n'/, }, not ${expected[*]}"
  [[ $(digests "$text" | sort) == "$(printf '%s\n' "${members[@]}" | sort)" ]] ||
    fail "the registry gives $repository@$wanted with other images than ${members[*]}"
  stored=$text
}

join_members
wanted=$(digest_of_index index) || fail "the index cannot be written"
[[ ${SBOM:-} != true ]] || begin_attaching attach_to_members

# First under a tag that only this run uses: it keeps the digest alive in registries that collect untagged images when a later
# run moves the wanted tag. The other tags move to an index that has been read back, the wanted one last.
place "$repository:$RUN" || fail "the run's own tag is not set, so nothing is published"
read_back
[[ ${SBOM:-} != true ]] || begin_attaching attach_to_index
for tag in "${more_tags[@]}"; do
  place "$repository:$tag" || fail "the tag $tag is not set, so $IMAGE stays what it was"
done
end_attaching
place "$IMAGE" || fail "the image is not published"
echo "$IMAGE is $wanted for ${expected[*]}" >&2

printf '%s' "$repository@$wanted" >"$RESULT_IMAGE"
references "${members[@]}" >"$RESULT_MEMBERS"
# By these Chains finds what this run has built, and signs it.
printf '%s' "$IMAGE" >"$RESULT_IMAGE_URL"
printf '%s' "$wanted" >"$RESULT_IMAGE_DIGEST"
references "${members[@]}" "${attached[@]}" >"$RESULT_IMAGES"

# For a later run, which finds what is whole alone: with this tag it is not built, signed and described again. Where a registry never lets a tag
# move, the one of an image with older bases stays.
if [[ -n ${KEY:-} ]]; then
  if [[ ${SBOM:-} == true && ${#attached[@]} -le ${#architectures[@]} ]]; then
    echo "a later run builds this commit again, for the SBOM that is missing" >&2
  else
    place "$repository:built-$KEY" || warn "a later run will not find that this commit is built"
  fi
fi

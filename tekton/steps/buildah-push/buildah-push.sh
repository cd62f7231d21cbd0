#!/usr/bin/env bash
# Joins the image layouts of all architectures in one index and pushes it. Needs neither root nor any capability.
# Arguments: the architectures. Environment: SHARED, LAYOUTS (folder of it with one layout per architecture), IMAGE
# (repository:tag), RUN (name of the run, a tag of its own), HOME; optional DOCKERCONFIG (folder with config.json or
# .dockerconfigjson), CONTAINERS (storage); results are written to the files $RESULT_IMAGE_URL, $RESULT_IMAGE_DIGEST, $RESULT_IMAGES.
set -euo pipefail
task=buildah-push
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

: "${SHARED:?}" "${LAYOUTS:?}" "${IMAGE:?}" "${RUN:?}" "${HOME:?}" "${RESULT_IMAGE_URL:?}" "${RESULT_IMAGE_DIGEST:?}" "${RESULT_IMAGES:?}"
[[ $# -gt 0 ]] || fail "no architecture given"
[[ ${IMAGE##*/} == *:* && $IMAGE != *@* ]] || fail "'$IMAGE' is not of the form repository:tag"
repository=${IMAGE%:*}
use_dockerconfig
# `buildah manifest inspect` 1.28 has no --authfile and does not read REGISTRY_AUTH_FILE either, only what stands in the home directory.
if [[ -n ${REGISTRY_AUTH_FILE:-} ]]; then
  mkdir -p "$HOME/.docker"
  ln -sfn "$REGISTRY_AUTH_FILE" "$HOME/.docker/config.json"
fi

# Only the index, a few kilobytes, goes through this storage: layers are read from the layouts.
containers=${CONTAINERS:-$HOME/containers}
export STORAGE_DRIVER=vfs CONTAINERS_STORAGE_CONF=$HOME/storage.conf
storage() {
  printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$containers/$1" "$containers/run-$1"
}
storage index >"$CONTAINERS_STORAGE_CONF"
storage nothing >"$HOME/nothing.conf"

# Without a range of user ids, buildah warns at every start that it goes on with its own id alone, which is all this needs.
quietly() {
  buildah --log-level error "$@"
}

# The image has no JSON tool; buildah prints these small documents with one key a line and no braces inside a platform.
inspect() {
  local text
  text=$(quietly manifest inspect "$1") && tr -d ' \t\n' <<<"$text"
}
# What a registry says about a reference. Asked with an empty storage: buildah would answer for a digest that it has itself.
inspect_remote() {
  CONTAINERS_STORAGE_CONF=$HOME/nothing.conf inspect "$1"
}
platforms() {
  { grep -o '"platform":{[^}]*}' || true; } <<<"$1" | sed -E 's/.*"architecture":"([^"]*)".*"os":"([^"]*)".*/\2\/\1/'
}
digests() {
  { grep -o '"digest":"sha256:[0-9a-f]*"' || true; } <<<"$1" | cut -d '"' -f 4
}

echo "joining the images of $*" >&2
index=localhost/$RUN
quietly manifest rm "$index" >/dev/null 2>&1 || true # of an earlier try in the same storage
quietly manifest create "$index" >/dev/null || fail "cannot make an index"
expected=()
members=()
for architecture in "$@"; do
  layout=$SHARED/$LAYOUTS/$architecture
  [[ -f $layout/index.json ]] || fail "there is no image for $architecture in '$LAYOUTS/$architecture'"
  member=$(digest_of_layout "$layout")
  [[ -n $member ]] || fail "'$LAYOUTS/$architecture' holds not exactly one image"
  # buildah reads the platform from the image's own configuration.
  quietly manifest add "$index" "oci:$layout:result" >/dev/null || fail "the image in '$LAYOUTS/$architecture' cannot be read"
  expected+=("linux/$architecture")
  members+=("$member")
  local_index=$(inspect "$index") || fail "the index cannot be read"
  found=$(platforms "$local_index")
  [[ $found == "$(printf '%s\n' "${expected[@]}")" ]] ||
    fail "the image in '$LAYOUTS/$architecture' is for $(tail -n 1 <<<"${found:-nothing}"), not for linux/$architecture"
done

# Pushes the index to $1, a registry (docker://) or a folder (dir:), and prints its digest; says why if it cannot.
# buildah 1.28 to 1.44 (cmd/buildah/manifest.go, manifestPush) ends a failed push with exit code 0, an empty digest file and not a
# word: the error of the push is overwritten by that of writing the file. Pushed again without a digest file, it says what the registry says.
push() {
  local attempt arguments=(manifest push --format oci --quiet)
  [[ $1 == dir:* ]] || arguments+=(--all)
  for attempt in 1 2 3; do
    rm -f "$HOME/digest"
    quietly "${arguments[@]}" --digestfile "$HOME/digest" "$index" "$1" >/dev/null || return 1
    if [[ -s $HOME/digest ]]; then
      cat "$HOME/digest"
      return 0
    fi
    echo "pushing failed, trying again" >&2
    quietly "${arguments[@]}" "$index" "$1" >/dev/null || return 1
    echo "attempt $((attempt + 1)) succeeded, but gives no digest" >&2
  done
  return 1
}

# Digest that the index has in a registry: only the index goes to this folder, not what it points to.
rm -rf "$HOME/index"
wanted=$(push "dir:$HOME/index") || fail "the index cannot be written"
[[ $wanted =~ ^sha256:[0-9a-f]{64}$ ]] || fail "buildah gives '$wanted' as the index' digest"

# Whether a tag has the index already, as after a try that failed later on: registries with immutable tags refuse even the same again.
# The registry's answer for the tag is compared with its answer for the digest.
is_there() {
  local by_digest by_tag
  by_digest=$(inspect_remote "$repository@$wanted" 2>/dev/null) && by_tag=$(inspect_remote "$1" 2>/dev/null) && [[ -n $by_tag && $by_tag == "$by_digest" ]]
}
place() {
  local got
  if is_there "$1"; then
    echo "$1 has this image already" >&2
    return 0
  fi
  echo "pushing $1" >&2
  got=$(push "docker://$1") || fail "cannot push $1"
  [[ $got == "$wanted" ]] || fail "$1 got the digest ${got:-(none)}, not $wanted"
}

# First under a tag that only this run uses: it keeps the digest alive in registries that collect untagged images when a later
# run moves the wanted tag. The wanted tag moves last, to an index that has been read back.
place "$repository:$RUN"
remote_index=$(inspect_remote "$repository@$wanted") || fail "the registry does not give back $repository@$wanted"
found=$(platforms "$remote_index" | sort)
[[ $found == "$(printf '%s\n' "${expected[@]}" | sort)" ]] ||
  fail "the registry gives $repository@$wanted with the platforms ${found//$'\n'/, }, not ${expected[*]}"
[[ $(digests "$remote_index" | sort) == "$(printf '%s\n' "${members[@]}" | sort)" ]] ||
  fail "the registry gives $repository@$wanted with other images than ${members[*]}"
place "$IMAGE"
echo "$IMAGE is $wanted for ${expected[*]}" >&2

printf '%s' "$IMAGE" >"$RESULT_IMAGE_URL"
printf '%s' "$wanted" >"$RESULT_IMAGE_DIGEST"
(
  IFS=,
  printf '%s' "${members[*]/#/$repository@}" >"$RESULT_IMAGES"
)

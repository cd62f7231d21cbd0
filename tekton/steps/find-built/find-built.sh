#!/usr/bin/env bash
# Looks whether the registry has the image of this commit already, built with the same settings from the same base images, and gives it
# the tags of this run. Trouble of any kind means that it is not found: a build is never stopped by this.
# Arguments: lists, each led by its name: --architectures, --identity (texts that together name every setting which decides the image),
# --images (those that something runs in which decides it: what their names mean today counts), --tags (templates, see ../buildah-push/tags.sh),
# --insecure-registries. Environment: URL, HOME, $RESULT_COMMIT and $RESULT_BRANCH (files of the step before); optional IMAGE (repository:tag), RUN
# (name of the run, a tag of its own), GIT_FOLDER (true: nothing is found),
# REBUILD (any text: nothing is found, but the key is there, under which the new image will be),
# DOCKERCONFIG (folder with config.json or .dockerconfigjson), TRUST, CONTAINERS (storage), PATIENCE (seconds that a question to a registry
# may take, 30). Results: $RESULT_KEY, 40 hexadecimal digits that stand for all of this; $RESULT_FOUND, repository@digest of the index,
# and $RESULT_FOUND_MEMBERS, those of its members, separated by commas; or nothing.
set -euo pipefail
task=find-built
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=../buildah-push/index.sh
source "$(dirname "${BASH_SOURCE[0]}")/../buildah-push/index.sh"
# shellcheck source-path=SCRIPTDIR source=../buildah-push/tags.sh
source "$(dirname "${BASH_SOURCE[0]}")/../buildah-push/tags.sh"
# shellcheck source-path=SCRIPTDIR source=../buildah-push/place.sh
source "$(dirname "${BASH_SOURCE[0]}")/../buildah-push/place.sh"

: "${RESULT_KEY:?}" "${RESULT_FOUND:?}" "${RESULT_FOUND_MEMBERS:?}"
for result in "$RESULT_KEY" "$RESULT_FOUND" "$RESULT_FOUND_MEMBERS"; do printf '' >"$result"; done
trap 'if [[ $? -ne 0 ]]; then echo "$task: building: the search broke off" >&2; fi; exit 0' EXIT
# In the place of those that are sourced: nothing fails here, and nobody waits for a registry that does not answer.
fail() {
  echo "$task: building: $*" >&2
  exit 0
}
quietly() {
  timeout --kill-after=5 "${PATIENCE:-30}" buildah --log-level error "$@"
}

# Digest of a single image, which buildah does not print. $1: a name for a storage, $2: of the image.
digest_of_image() {
  new_index "$1" && add_member "$1" "docker://$2" - && digests "$(inspect_index "$1")"
}
# What a registry has under a name ($2) today: its answer, or a digest. $1: a name for a storage.
content_of() {
  local text
  [[ $2 != *@* ]] || return 0 # named by digest: it never is another one
  text=$(inspect_remote "$2" 2>/dev/null) && [[ -n $text ]] || text=$(digest_of_image "$1" "$2" 2>/dev/null) && [[ -n $text ]] && printf '%s' "$text"
}

: "${URL:?}" "${HOME:?}" "${RESULT_COMMIT:?}" "${RESULT_BRANCH:?}"
architectures=() identity=() images=() tags=() insecure_registries=()
read_lists "architectures identity images tags insecure-registries" "$@"
if [[ -z ${IMAGE:-} || ${#identity[@]} -eq 0 ]]; then exit 0; fi # nobody asks
commit=$(cat "$RESULT_COMMIT")
[[ -n $commit ]] || fail "only a fetch tells which commit this is"
[[ $commit =~ ^[0-9a-f]{40}$ ]] || fail "'$commit' is no commit"
use_buildah "${insecure_registries[@]}"
content=()
for i in "${!images[@]}"; do
  # Under a key of less, a later run would find an image that is not the one.
  now=$(content_of "image-$i" "${images[i]}") || fail "what ${images[i]} is today is not known"
  content+=("$now")
done
key=$(printf '%s\0' "$URL" "$commit" "${architectures[@]}" "${identity[@]}" "${content[@]}" | sha256sum)
key=${key:0:40}
printf '%s' "$key" >"$RESULT_KEY"
[[ -z ${REBUILD:-} ]] || fail "anew, as is asked for"
[[ ${GIT_FOLDER:-} != true ]] || fail "the sources keep their .git, which changes with every tag"
check_image # sets $repository

# Whether a base image ($2: name@digest) is what its registry has under the name today. $1: a name for a storage.
# The registry's answer for the name is compared with that for the digest; that of a single image, which buildah does not print, by its digest.
is_same_base() {
  local name=${2%@*} digest=${2##*@} by_name
  [[ ${name##*/} == *:* ]] || return 0 # named by digest: it never is another one
  if by_name=$(inspect_remote "$name" 2>/dev/null) && [[ -n $by_name ]]; then
    [[ $by_name == "$(inspect_remote "${name%:*}@$digest")" ]]
    return
  fi
  [[ $(digest_of_image "$1" "$name") == "$digest" ]]
}

tag=$repository:built-$key
text=$(inspect_remote "$tag" 2>"$HOME/reason") || {
  is_unknown "$HOME/reason" || fail "the registry does not say whether $tag exists: $(tail -n 1 "$HOME/reason")"
  fail "commit $commit is not built with these settings yet"
}
[[ $(platforms "$text" | sort) == "$(printf 'linux/%s\n' "${architectures[@]}" | sort)" ]] || fail "$tag is for other architectures than ${architectures[*]}"
rebuild_index index "$repository" "$text" 2>/dev/null || fail "$tag lacks an image, or what it was built from"
# The digest is that of an index made anew of the members as the registry gives them.
wanted=$(digest_of_index index) || fail "$tag cannot be made anew"
stored=$(inspect_remote "$repository@$wanted" 2>/dev/null) || stored=''
[[ $stored == "$text" ]] || fail "$tag is not what its images make"

mapfile -t bases < <(annotations "$text" | tr ';' '\n' | sed '/^$/d' | sort -u)
jobs=()
for i in "${!bases[@]}"; do
  is_same_base "base-$i" "${bases[i]}" 2>/dev/null &
  jobs+=("$!")
done
for i in "${!jobs[@]}"; do
  wait "${jobs[i]}" || fail "the base image ${bases[i]%@*} is another one now, or its registry does not answer"
done

COMMIT=$commit BRANCH=$(cat "$RESULT_BRANCH")
fill_in_tags # sets $more_tags
for tag in ${RUN:+"$RUN"} "${more_tags[@]}" "${IMAGE##*:}"; do
  place "$repository:$tag" || fail "it is built already, but the registry does not take the tag $tag"
done
mapfile -t members < <(digests "$text")
references "${members[@]}" >"$RESULT_FOUND_MEMBERS"
printf '%s' "$repository@$wanted" >"$RESULT_FOUND"
echo "$task: commit $commit is built already: $repository@$wanted" >&2

#!/usr/bin/env bash
# Joins the image layouts of all architectures in one index and pushes it. Needs neither root nor any capability.
# Arguments: the architectures. Environment: SHARED, LAYOUTS (folder of it with one layout per architecture), IMAGE
# (repository:tag), RUN (name of the run, a tag of its own), HOME; optional DOCKERCONFIG (folder with config.json or
# .dockerconfigjson), CONTAINERS (storage); results are written to the files $RESULT_IMAGE_URL, $RESULT_IMAGE_DIGEST, $RESULT_IMAGES.
set -euo pipefail

fail() {
  echo "buildah-push: $*" >&2
  exit 1
}

: "${SHARED:?}" "${LAYOUTS:?}" "${IMAGE:?}" "${RUN:?}" "${HOME:?}"
[[ $# -gt 0 ]] || fail "no architecture given"
[[ ${IMAGE##*/} == *:* && $IMAGE != *@* ]] || fail "'$IMAGE' is not of the form repository:tag"
repository=${IMAGE%:*}

if [[ -n ${DOCKERCONFIG:-} ]]; then
  for file in config.json .dockerconfigjson; do
    if [[ -f $DOCKERCONFIG/$file ]]; then
      export REGISTRY_AUTH_FILE=$DOCKERCONFIG/$file
      break
    fi
  done
  [[ -n ${REGISTRY_AUTH_FILE:-} ]] || fail "the workspace dockerconfig holds neither config.json nor .dockerconfigjson"
fi

# Only the index, a few kilobytes, goes through this storage: layers are read from the layouts.
containers=${CONTAINERS:-$HOME/containers}
export STORAGE_DRIVER=vfs CONTAINERS_STORAGE_CONF=$HOME/storage.conf
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$containers/storage" "$containers/run" >"$CONTAINERS_STORAGE_CONF"

# Without a range of user ids, buildah warns at every start that it goes on with its own id alone, which is all this needs.
quietly() {
  buildah --log-level error "$@"
}

# The image has no JSON tool; buildah prints these small documents with one key a line and no braces inside a platform.
platforms() {
  quietly manifest inspect "$1" | tr -d ' \t\n' | grep -o '"platform":{[^}]*}' |
    sed -E 's/.*"architecture":"([^"]*)".*"os":"([^"]*)".*/\2\/\1/'
}
digest_of_layout() {
  tr -d ' \t\n' <"$1/index.json" | grep -o '"digest":"sha256:[0-9a-f]*"' | cut -d '"' -f 4
}

echo "joining the images of $*" >&2
index=localhost/$RUN
quietly manifest rm "$index" >/dev/null 2>&1 || true # of an earlier try in the same storage
quietly manifest create "$index" >/dev/null
expected=()
images=()
for architecture in "$@"; do
  layout=$SHARED/$LAYOUTS/$architecture
  [[ -f $layout/index.json ]] || fail "there is no image for $architecture in '$LAYOUTS/$architecture'"
  digest=$(digest_of_layout "$layout")
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "'$LAYOUTS/$architecture' holds not exactly one image"
  # buildah reads the platform from the image's own configuration.
  quietly manifest add "$index" "oci:$layout:result" >/dev/null
  expected+=("linux/$architecture")
  found=$(platforms "$index")
  [[ $found == "$(printf '%s\n' "${expected[@]}")" ]] ||
    fail "the image in '$LAYOUTS/$architecture' is for $(tail -n 1 <<<"$found"), not for linux/$architecture"
  images+=("$repository@$digest")
done

# `set -e` does not reach into $(...), hence the chain.
push() {
  rm -f "$HOME/digest" &&
    quietly manifest push --all --format oci --quiet --digestfile "$HOME/digest" "$index" "docker://$1" >/dev/null &&
    cat "$HOME/digest"
}

# First under a tag that only this run uses: it keeps the digest alive in registries that collect untagged images when a later
# run moves the wanted tag. The wanted tag moves last, to an index that has been read back.
echo "pushing $repository:$RUN" >&2
digest=$(push "$repository:$RUN") || fail "cannot push $repository:$RUN"
found=$(platforms "$repository@$digest" | sort)
[[ $found == "$(printf '%s\n' "${expected[@]}" | sort)" ]] ||
  fail "the registry gives $repository@$digest with the platforms ${found//$'\n'/, }, not ${expected[*]}"
echo "pushing $IMAGE" >&2
moved=$(push "$IMAGE") || fail "cannot push $IMAGE"
[[ $moved == "$digest" ]] || fail "$IMAGE got another digest than $repository:$RUN"
echo "$IMAGE is $digest for ${expected[*]}" >&2

printf '%s' "$IMAGE" >"$RESULT_IMAGE_URL"
printf '%s' "$digest" >"$RESULT_IMAGE_DIGEST"
(
  IFS=,
  printf '%s' "${images[*]}" >"$RESULT_IMAGES"
)

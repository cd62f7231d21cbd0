#!/usr/bin/env bash
# Builds the image of one architecture and writes it to a folder of the shared volume, as an OCI layout.
# Environment: SHARED, SOURCE (folder of it), CONTEXT (folder of that), CONTAINERFILE (relative to the context),
# ARCHITECTURE, LAYOUT (folder of SHARED), COMMIT, URL, TIMESTAMP (seconds since 1970), HOME;
# optional DOCKERCONFIG (folder with config.json or .dockerconfigjson), CONTAINERS (storage, /var/lib/containers).
set -euo pipefail

fail() {
  echo "buildah-build: $*" >&2
  exit 1
}

: "${SHARED:?}" "${SOURCE:?}" "${CONTEXT:?}" "${CONTAINERFILE:?}" "${ARCHITECTURE:?}" "${LAYOUT:?}" "${COMMIT:?}" "${URL:?}" "${TIMESTAMP:?}" "${HOME:?}"
containers=${CONTAINERS:-/var/lib/containers}
context=$SHARED/$SOURCE/$CONTEXT
layout=$SHARED/$LAYOUT

rm -rf "$layout" "$layout.tmp" # of an earlier try

[[ -d $context ]] || fail "the repository has no folder '$CONTEXT'"
[[ -f $context/$CONTAINERFILE ]] || fail "the folder '$CONTEXT' has no file '$CONTAINERFILE'"

# A Secret of type kubernetes.io/dockerconfigjson calls the file .dockerconfigjson; both files have the same format.
if [[ -n ${DOCKERCONFIG:-} ]]; then
  for file in config.json .dockerconfigjson; do
    if [[ -f $DOCKERCONFIG/$file ]]; then
      export REGISTRY_AUTH_FILE=$DOCKERCONFIG/$file
      break
    fi
  done
  [[ -n ${REGISTRY_AUTH_FILE:-} ]] || fail "the workspace dockerconfig holds neither config.json nor .dockerconfigjson"
fi

# A storage configuration of our own: the images' one names fuse-overlayfs, which needs a device that the pod does not have.
# One storage folder per driver, as the drivers refuse each other's.
use_storage() {
  export STORAGE_DRIVER=$1 CONTAINERS_STORAGE_CONF=$HOME/storage.conf
  printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' "$1" "$containers/$1" "$containers/run-$1" >"$CONTAINERS_STORAGE_CONF"
}

# overlay is faster and smaller than vfs, but whether an unprivileged pod may mount it depends on the kernel and the file
# system below: try it.
overlay_works() {
  local container
  use_storage overlay
  container=$(buildah from scratch) && buildah copy --quiet "$container" "$CONTAINERS_STORAGE_CONF" /probe && buildah rm "$container"
}
if overlay_works >"$HOME/overlay.log" 2>&1; then
  echo "storage: overlay" >&2
else
  use_storage vfs
  echo "storage: vfs (overlay: $(tail -n 1 "$HOME/overlay.log"))" >&2
fi

# Every image in this storage is a base of the build or its result. A base without the architecture asked for would be taken
# from another one, and either fail in the first RUN ("exec format error") or give an image that only looks right.
check_architectures() {
  local images image architecture name wrong=0
  images=$(buildah images --quiet --no-trunc | sort -u) || return 1
  for image in $images; do
    read -r architecture name < <(buildah inspect --type image --format '{{.OCIv1.Architecture}} {{.FromImage}}' "$image")
    if [[ $architecture != "$ARCHITECTURE" ]]; then
      echo "buildah-build: image ${name:-$image} is for ${architecture:-no architecture}, not for $ARCHITECTURE" >&2
      wrong=1
    fi
  done
  return "$wrong"
}

arguments=(
  --isolation chroot # the pod may not set up a container of its own, and the step's pod is one already
  --platform "linux/$ARCHITECTURE"
  --timestamp "$TIMESTAMP" # the same files give the same layer, in every build and for every architecture
  --layers=false           # the storage is empty at the start and thrown away at the end
  --label "org.opencontainers.image.revision=$COMMIT"
  --label "org.opencontainers.image.source=$URL"
  --file "$context/$CONTAINERFILE"
  --tag result
)
# Newer than buildah 1.28: retries when a base image cannot be read.
if buildah build --help | grep -q -- '--retry '; then
  arguments+=(--retry 3)
fi
echo "building for linux/$ARCHITECTURE with $(buildah --version)" >&2
if ! buildah build "${arguments[@]}" "$context"; then
  check_architectures || true
  fail "the build of '$CONTEXT/$CONTAINERFILE' for $ARCHITECTURE failed"
fi
check_architectures || fail "a base image has no variant for $ARCHITECTURE"

# A reader sees the whole layout or none.
mkdir -p "$(dirname "$layout")"
buildah push --quiet result "oci:$layout.tmp:result"
chmod -R a+rX "$layout.tmp" # the push task runs as another user
mv "$layout.tmp" "$layout"
echo "wrote $LAYOUT ($(du -sh "$layout" | cut -f 1))" >&2

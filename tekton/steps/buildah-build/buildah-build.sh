#!/usr/bin/env bash
# Builds the image of one architecture and writes it to a folder of the shared volume, as an OCI layout.
# Environment: SHARED, SOURCE (folder of it), CONTEXT (folder of that), CONTAINERFILE (relative to the context),
# ARCHITECTURE, LAYOUT (folder of SHARED), COMMIT, URL, TIMESTAMP (seconds since 1970), HOME;
# optional GENERATED (folder of the context that an earlier task has made), DOCKERCONFIG (folder with config.json or
# .dockerconfigjson), CONTAINERS (storage, /var/lib/containers).
set -euo pipefail
task=buildah-build
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=programs.sh
source "$(dirname "${BASH_SOURCE[0]}")/programs.sh"

: "${SHARED:?}" "${SOURCE:?}" "${CONTEXT:?}" "${CONTAINERFILE:?}" "${ARCHITECTURE:?}" "${LAYOUT:?}" "${COMMIT:?}" "${URL:?}" "${TIMESTAMP:?}" "${HOME:?}"
containers=${CONTAINERS:-/var/lib/containers}
context=$SHARED/$SOURCE/$CONTEXT
layout=$SHARED/$LAYOUT

rm -rf "$layout" "$layout.tmp" # of an earlier try
check_context "$SHARED/$SOURCE" "$CONTEXT" "$CONTAINERFILE"
use_dockerconfig

# OpenShift's pods have an fsGroup, which makes their volumes setgid. The images' root folders and what a RUN makes in them would
# inherit the bit: other layers than the same files give elsewhere.
umask 022
mkdir -p "$containers"
chmod g-s "$containers"

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
  echo "storage: vfs (overlay: $(tail -n 1 "$HOME/overlay.log"))" >&2
  use_storage vfs
fi

# Every image in this storage is a base of the build or its result. A base without the architecture asked for would be taken
# from another one, and either fail in the first RUN ("exec format error") or give an image that only looks right.
check_architectures() {
  local images image architecture name bad=0
  images=$(buildah images --quiet --no-trunc | sort -u) && [[ -n $images ]] || return 1
  for image in $images; do
    read -r architecture name < <(buildah inspect --type image --format '{{.OCIv1.Architecture}} {{.FromImage}}' "$image") || true
    if [[ ${architecture:-} != "$ARCHITECTURE" ]]; then
      echo "$task: image ${name:-$image} is for ${architecture:-no architecture}, not for $ARCHITECTURE" >&2
      bad=1
    fi
  done
  return "$bad"
}

# The file of patterns that buildah (1.28 to 1.43) leaves out of the context (buildah, pkg/parse, ContainerIgnoreFile).
ignore_file() {
  local file
  for file in "$context/$CONTAINERFILE.dockerignore" "$context/$CONTAINERFILE.containerignore" "$context/.containerignore" "$context/.dockerignore"; do
    if [[ -f $file ]]; then
      printf '%s' "$file"
      return 0
    fi
  done
}

arguments=(
  --isolation chroot # the pod may not set up a container of its own, and the step's pod is one already
  --platform "linux/$ARCHITECTURE"
  --format docker          # OCI's format has no place for SHELL, and without it RUN would ignore a `set -o pipefail` there
  --timestamp "$TIMESTAMP" # the same files give the same layer, in every build and for every architecture
  --layers=false           # the storage is empty at the start and thrown away at the end
  --label "org.opencontainers.image.revision=$COMMIT"
  --label "org.opencontainers.image.source=$URL"
  --file "$context/$CONTAINERFILE"
  --tag result
)
# Repositories leave out what their authors' machines have installed; here it is what the pipeline has installed for this image. The
# last pattern that matches a file decides.
ignored=$(ignore_file)
if [[ -n ${GENERATED:-} && -n $ignored ]]; then
  { cat "$ignored" && printf '\n!%s\n' "$GENERATED"; } >"$HOME/ignore"
  arguments+=(--ignorefile "$HOME/ignore")
  echo "${ignored#"$context"/} does not hold for $GENERATED, which this pipeline has made" >&2
fi
# Not in every version: retries when a base image cannot be read.
[[ $(buildah build --help) != *'--retry '* ]] || arguments+=(--retry 3)

echo "building for linux/$ARCHITECTURE with $(buildah --version)" >&2
if ! buildah build "${arguments[@]}" "$context"; then
  check_architectures || true
  fail "the build of '$CONTEXT/$CONTAINERFILE' for $ARCHITECTURE failed"
fi
check_architectures || fail "the image or a base of it is not for $ARCHITECTURE"

# One value of the image's configuration, by a Go template.
inspect() {
  buildah inspect --type image --format "$1" result
}
lost=$(inspect '{{with .Docker.Config}}{{if .Healthcheck}}HEALTHCHECK {{end}}{{if .OnBuild}}ONBUILD{{end}}{{end}}') || fail "buildah has no image of '$CONTEXT/$CONTAINERFILE'"
for instruction in $lost; do
  case $instruction in
    HEALTHCHECK) warn "HEALTHCHECK is not in the image: OCI images have none, and Kubernetes asks the probes of the Pod" ;;
    ONBUILD) warn "ONBUILD is not in the image, as OCI images have none: images built from this one will not run it" ;;
  esac
done

# A reader sees the whole layout or none.
mkdir -p "$(dirname "$layout")"
buildah push --quiet --format oci result "oci:$layout.tmp:result" || fail "the image could not be written to '$LAYOUT'"
digest=$(digest_of_layout "$layout.tmp")
[[ -n $digest && -s $layout.tmp/blobs/sha256/${digest#sha256:} ]] || fail "buildah wrote no image to '$LAYOUT'"

# A program that was committed or downloaded may be for another machine than the image says: that would be seen when it is started.
inspect '{{range .OCIv1.Config.Entrypoint}}{{printf "%s\x00" .}}{{end}}{{range .OCIv1.Config.Cmd}}{{printf "%s\x00" .}}{{end}}' >"$HOME/argv"
mapfile -d '' argv <"$HOME/argv"
search=$(inspect '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' | sed -n 's/^PATH=//p')
if ! command -v tar >/dev/null; then
  warn "the task's image has no tar: not checked whether the image's programs are for $ARCHITECTURE"
elif [[ ${#argv[@]} -gt 0 ]]; then
  check_programs "$layout.tmp" "${digest#sha256:}" "$ARCHITECTURE" "$(inspect '{{.OCIv1.Config.WorkingDir}}')" \
    "${search:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" "${argv[@]}" || fail "the image in '$LAYOUT' cannot be read"
  for program in "${wrong[@]}"; do echo "$task: $program" >&2; done
  [[ ${#wrong[@]} -eq 0 ]] || fail "the image starts a program that is not for $ARCHITECTURE"
fi

chmod -R a+rX "$layout.tmp" # the push task runs as another user
mv "$layout.tmp" "$layout"
echo "wrote $LAYOUT ($(du -sh "$layout" | cut -f 1))" >&2

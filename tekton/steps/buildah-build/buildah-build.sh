#!/usr/bin/env bash
# Builds the image of one architecture and leaves it on the pod's own disk, $SOURCES/image, as an OCI layout. Beside it, image.bases names
# the images that it was built from, a line NAME@DIGEST each.
# Arguments: lists, each led by its name: --build-args NAME=value..., --labels NAME=value..., --insecure-registries HOST[:PORT]...
# Environment: SHARED, SOURCES (the pod's own folder, with the files in tree/, or empty), ARCHIVE (sources, in SHARED), CONTEXT (folder of the
# sources), CONTAINERFILE (relative to the context; from the sources' root if it begins with /), ARCHITECTURE,
# COMMIT, URL, TIMESTAMP (seconds since 1970), HOME;
# optional GENERATED (folder of the context that an earlier step has made), TARGET (stage), CACHE (repository for layers, to which the architecture is added), REBUILD (any
# text: layers are not taken from there), DOCKERCONFIG (folder
# with config.json or .dockerconfigjson), BUILD_SECRETS (folder, each file a secret), RHEL_ENTITLEMENT (folder with the certificates), TRUST (folder
# with ca-bundle.crt), CONTAINERS (storage, /var/lib/containers), FILE_LIMIT (bytes, 30 GiB).
set -euo pipefail
task=buildah-build
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=programs.sh
source "$(dirname "${BASH_SOURCE[0]}")/programs.sh"
# shellcheck source-path=SCRIPTDIR source=storage.sh
source "$(dirname "${BASH_SOURCE[0]}")/storage.sh"
# shellcheck source-path=SCRIPTDIR source=bases.sh
source "$(dirname "${BASH_SOURCE[0]}")/bases.sh"
# shellcheck source-path=SCRIPTDIR source=attempt.sh
source "$(dirname "${BASH_SOURCE[0]}")/attempt.sh"
# shellcheck source-path=SCRIPTDIR source=layout.sh
source "$(dirname "${BASH_SOURCE[0]}")/layout.sh"

: "${SHARED:?}" "${SOURCES:?}" "${ARCHIVE:?}" "${CONTEXT:?}" "${CONTAINERFILE:?}" "${ARCHITECTURE:?}" "${COMMIT:?}" "${URL:?}" "${TIMESTAMP:?}" "${HOME:?}"
containers=${CONTAINERS:-/var/lib/containers}
layout=$SOURCES/image
# What is copied onto nothing is the same layer for every architecture, but not the same image.
cache=${CACHE:+$CACHE-$ARCHITECTURE}
# Of every file in a layer, if it is not older, and of the history. Not the commit's: a layer that an earlier commit has put into the cache must be
# the one that this commit would give. The second after ZIP's first one, as Cloud Native Buildpacks have it.
layer_time=315532801

build_args=() labels=() insecure_registries=()
read_lists "build-args labels insecure-registries" "$@"
unpack_sources
check_context "$tree" "$CONTEXT" "$CONTAINERFILE"
context=$tree/$CONTEXT
shown=$(realpath --no-symlinks --relative-to "$tree" "$containerfile")
use_dockerconfig
use_registries "${insecure_registries[@]}"
use_trust || true
use_storage

# A file with holes has its full size in a layer. A program that makes one larger than the storage is stopped there and then.
file_limit=${FILE_LIMIT:-32212254720}
ulimit -f $((file_limit / 1024)) 2>/dev/null || true

help=$(buildah build --help)
supports() { [[ $help == *"$1 "* ]]; }

# The file of patterns that buildah (1.28 to 1.43) leaves out of the context (buildah, pkg/parse, ContainerIgnoreFile).
ignore_file() {
  local file
  for file in "$containerfile.dockerignore" "$containerfile.containerignore" "$context/.containerignore" "$context/.dockerignore"; do
    if [[ -f $file ]]; then
      printf '%s' "$file"
      return 0
    fi
  done
}

arguments=(
  --isolation chroot # the pod may not set up a container of its own, and the step's pod is one already
  --platform "linux/$ARCHITECTURE"
  --format docker # OCI's format has no place for SHELL, and without it RUN would ignore a `set -o pipefail` there
  --label "org.opencontainers.image.revision=$COMMIT"
  --label "org.opencontainers.image.source=$URL"
  --file "$containerfile"
  --tag result
  # For those who declare it: ARG SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/).
  --build-arg "SOURCE_DATE_EPOCH=$TIMESTAMP"
)
# From 1.41 on, --timestamp and that argument exclude each other.
if supports --rewrite-timestamp; then
  arguments+=(--source-date-epoch "$layer_time" --rewrite-timestamp)
else
  arguments+=(--timestamp "$layer_time")
fi
for value in "${build_args[@]}"; do arguments+=(--build-arg "$value"); done
for value in "${labels[@]}"; do arguments+=(--label "$value"); done
[[ -z ${TARGET:-} ]] || arguments+=(--target "$TARGET")
if [[ -n ${BUILD_SECRETS:-} ]]; then
  for file in "$BUILD_SECRETS"/*; do
    [[ ! -f $file ]] || arguments+=(--secret "id=${file##*/},src=$file")
  done
fi
# As the buildah task of OpenShift Pipelines does it.
[[ -z ${RHEL_ENTITLEMENT:-} ]] || arguments+=(--volume "$RHEL_ENTITLEMENT:/etc/pki/entitlement:ro")
# Repositories leave out what their authors' machines have installed; here it is what the pipeline has installed for this image. The
# last pattern that matches a file decides.
ignored=$(ignore_file)
if [[ -n ${GENERATED:-} && -n $ignored ]]; then
  { cat "$ignored" && printf '\n!%s\n' "$GENERATED"; } >"$HOME/ignore"
  arguments+=(--ignorefile "$HOME/ignore")
  echo "${ignored##*/} does not hold for $GENERATED, which this pipeline has made" >&2
fi
# Not in every version: retries when a base image cannot be read.
! supports --retry || arguments+=(--retry 3)

# One layer for each instruction if layers are kept, whether or not the cache can be used today: the image must not depend on that.
method=attempt
# Built anew, an image's layers take the place of those that are kept.
cache_from=()
[[ -n ${REBUILD:-} ]] || cache_from=(--cache-from "$cache")
if [[ -z $cache ]]; then
  arguments+=(--layers=false) # the storage is empty at the start and thrown away at the end
else
  arguments+=(--layers)
  if [[ -n ${BUILD_SECRETS:-} ]]; then
    echo "cache: not used, as buildah would take the layer of a RUN for the same whatever a secret holds" >&2
  elif mounts_files "$containerfile"; then
    echo "cache: not used, as buildah would take the layer of a RUN that mounts files for the same whatever they hold" >&2
  elif ! supports --cache-to; then
    warn "the cache is not used: $(buildah --version) knows no --cache-to"
  elif ! cache_answers; then
    warn "the cache is not used, as $cache does not answer: $(tail -n 1 "$HOME/cache.log")"
  else
    method=attempt_with_cache
  fi
fi
echo "building for linux/$ARCHITECTURE with $(buildah --version)" >&2
"$method" || report

# One value of the image's configuration, by a Go template.
inspect() {
  buildah inspect --type image --format "$1" result
}
if ! note_images || ! grep -q '"localhost/result:latest"' "$HOME/images.json"; then fail "buildah has no image of '$shown'"; fi
architecture=$(inspect '{{.OCIv1.Architecture}}') || architecture=''
if ! check_architectures || [[ $architecture != "$ARCHITECTURE" ]]; then fail "the image or a base of it is not for $ARCHITECTURE: $(other_base)"; fi

lost=$(inspect '{{with .Docker.Config}}{{if .Healthcheck}}HEALTHCHECK {{end}}{{if .OnBuild}}ONBUILD{{end}}{{end}}') || fail "buildah has no image of '$shown'"
for instruction in $lost; do
  case $instruction in
    HEALTHCHECK) warn "HEALTHCHECK is not in the image: OCI images have none, and Kubernetes asks the probes of the Pod" ;;
    ONBUILD) warn "ONBUILD is not in the image, as OCI images have none: images built from this one will not run it" ;;
  esac
done

# A later step sees the whole layout or none.
buildah push --quiet --format oci result "oci:$layout.tmp:result" || fail "the image for $ARCHITECTURE could not be written to the pod's disk"
finish_layout "$layout.tmp" "$TIMESTAMP" || fail "buildah wrote no image for $ARCHITECTURE"

# A program that was committed or downloaded may be for another machine than the image says: that would be seen when it is started.
inspect '{{range .OCIv1.Config.Entrypoint}}{{printf "%s\x00" .}}{{end}}{{range .OCIv1.Config.Cmd}}{{printf "%s\x00" .}}{{end}}' >"$HOME/argv"
mapfile -d '' argv <"$HOME/argv"
search=$(inspect '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' | sed -n 's/^PATH=//p')
if ! command -v tar >/dev/null; then
  warn "the task's image has no tar: not checked whether the image's programs are for $ARCHITECTURE"
elif [[ ${#argv[@]} -gt 0 ]]; then
  check_programs "$layout.tmp" "${digest#sha256:}" "$ARCHITECTURE" "$(inspect '{{.OCIv1.Config.WorkingDir}}')" \
    "${search:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" "${argv[@]}" || fail "the image for $ARCHITECTURE cannot be read"
  for program in "${wrong[@]}"; do echo "$task: $program" >&2; done
  [[ ${#wrong[@]} -eq 0 ]] || fail "the image starts a program that is not for $ARCHITECTURE"
fi

list_bases >"$layout.bases"
chmod -R a+rX "$layout.tmp" "$layout.bases" # the steps that read them run as another user
mv "$layout.tmp" "$layout"
echo "built the image for $ARCHITECTURE ($(du -sm "$layout" | cut -f 1) MiB); storage $(du -sm "$containers" | cut -f 1) MiB" >&2

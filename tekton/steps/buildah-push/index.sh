# shellcheck shell=bash disable=SC2034,SC2154
# Reads and writes indexes in a registry with nothing but buildah. The scripts that source it call `use_buildah` first.

# Annotation of each member of an index: the base images that it was built from, as name@digest, separated by semicolons (buildah takes a
# comma for the end of an annotation). On the member and not on the index, as buildah 1.28 can set no annotation of an index.
bases_annotation=openshift-multiarch.bases

# Sets $repository, that of $IMAGE.
check_image() {
  [[ ${IMAGE##*/} == *:* && $IMAGE != *@* ]] || fail "'$IMAGE' is not of the form repository:tag"
  repository=${IMAGE%:*}
}

# What buildah needs before it runs the first time: credentials, registries, and a storage without a single image.
use_buildah() {
  use_dockerconfig
  use_trust || true
  use_registries "$@"
  # `buildah manifest inspect` 1.28 has no --authfile and does not read REGISTRY_AUTH_FILE either, only what stands in the home directory.
  if [[ -n ${REGISTRY_AUTH_FILE:-} ]]; then
    mkdir -p "$HOME/.docker"
    ln -sfn "$REGISTRY_AUTH_FILE" "$HOME/.docker/config.json"
  fi
  export STORAGE_DRIVER=vfs
  make_storage nothing
}

# Only indexes, a few kilobytes, go through buildah's storage: layers are read from a layout. Each has a storage of its own, so that
# SBOMs can be pushed at the same time without waiting for each other's lock. It is told twice: buildah 1.28 looks elsewhere for that of an
# ordinary user, and then one storage is that of all.
make_storage() {
  local folder=${CONTAINERS:-$HOME/containers}
  printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrootless_storage_path = "%s"\nrunroot = "%s"\n' "$folder/$1" "$folder/$1" "$folder/run-$1" >"$HOME/$1.conf"
}

# Without a range of user ids, buildah warns at every start that it goes on with its own id alone, which is all this needs.
quietly() {
  buildah --log-level error "$@"
}

# The image has no JSON tool; buildah prints these small documents with one key a line and no braces inside a platform.
# $1: name of a storage, $2: of an index.
inspect() {
  local -x CONTAINERS_STORAGE_CONF=$HOME/$1.conf
  local text
  text=$(quietly manifest inspect "$2") && tr -d ' \t\n' <<<"$text"
}
inspect_index() {
  inspect "$1" "localhost/$1"
}
# What a registry says about a reference. Asked with an empty storage: buildah would answer for a digest that it has itself.
inspect_remote() {
  inspect nothing "$1"
}
# Whether a registry's words in the file $1 are that it has no such thing.
is_unknown() {
  grep -qiE 'manifest.unknown|name.unknown|not found' "$1"
}
# These digests as repository@digest, separated by commas.
references() {
  local IFS=,
  printf '%s' "${*/#/$repository@}"
}
platforms() {
  { grep -o '"platform":{[^}]*}' || true; } <<<"$1" | sed -E 's/.*"architecture":"([^"]*)".*"os":"([^"]*)".*/\2\/\1/'
}
digests() {
  { grep -o '"digest":"sha256:[0-9a-f]*"' || true; } <<<"$1" | cut -d '"' -f 4
}
# Values of the annotation, one a line, in the order of the members.
annotations() {
  { grep -o "\"$bases_annotation\":\"[^\"]*\"" || true; } <<<"$1" | cut -d '"' -f 4
}

# Makes an empty index of this name, in a storage of this name.
new_index() {
  local -x CONTAINERS_STORAGE_CONF=$HOME/$1.conf
  make_storage "$1"
  quietly manifest rm "localhost/$1" >/dev/null 2>&1 || true # of an earlier try in the same storage
  quietly manifest create "localhost/$1" >/dev/null
}

# Adds to the index $1 what stands in a layout or a registry ($2), with the base images $3 as an annotation. `-`: without one. The rest are
# options. buildah reads the platform from the image's own configuration.
add_member() {
  local -x CONTAINERS_STORAGE_CONF=$HOME/$1.conf
  local annotation=()
  [[ $3 == - ]] || annotation=(--annotation "$bases_annotation=$3")
  quietly manifest add "${annotation[@]}" "${@:4}" "localhost/$1" "$2" >/dev/null
}

# What a registry says that may be well a moment later, and buildah does not try again itself in all its versions; a blob that somebody else
# writes at the same time, it may not know.
passing='blob.unknown|too ?many ?requests|\b429\b|connection reset|unexpected EOF'

# Pushes the index $1 to $2, a registry (docker://) or a folder (dir:), and prints its digest; says why if it cannot. The rest are options.
# buildah 1.28 to 1.44 (cmd/buildah/manifest.go, manifestPush) ends a failed push with exit code 0, an empty digest file and not a
# word: the error of the push is overwritten by that of writing the file. Pushed again without a digest file, it says what the registry says.
push() {
  local -x CONTAINERS_STORAGE_CONF=$HOME/$1.conf
  local attempt index=$1 destination=$2 file=$HOME/$1.digest reason=$HOME/$1.push
  # Since 1.38 buildah pushes the members along, layers and all, if it is not told that only the index is meant.
  local arguments=(manifest push --format oci --quiet --all=false "${@:3}")
  for attempt in 1 2 3 4; do
    rm -f "$file"
    quietly "${arguments[@]}" --digestfile "$file" "localhost/$index" "$destination" >/dev/null || return 1
    if [[ -s $file ]]; then
      cat "$file"
      return 0
    fi
    echo "pushing failed, trying again" >&2
    if quietly "${arguments[@]}" "localhost/$index" "$destination" >/dev/null 2>"$reason"; then continue; fi
    cat "$reason" >&2
    grep -qiE "$passing" "$reason" || return 1
    sleep "$((attempt * ${PAUSE:-3}))"
  done
  return 1
}

# Digest that an index has in a registry.
digest_of_index() {
  local digest
  rm -rf "$HOME/$1.index"
  digest=$(push "$1" "dir:$HOME/$1.index") && [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] && printf '%s' "$digest"
}

# Makes the index $1 anew of what the registry has: $2 is the repository, $3 what it says about the index. Fails if that lacks a member, or
# names no base images.
rebuild_index() {
  local member members bases count=0
  mapfile -t members < <(digests "$3")
  mapfile -t bases < <(annotations "$3")
  [[ ${#members[@]} -gt 0 && ${#members[@]} -eq ${#bases[@]} ]] || return 1
  new_index "$1" || return 1
  for member in "${members[@]}"; do
    add_member "$1" "docker://$2@$member" "${bases[count]}" || return 1
    count=$((count + 1))
  done
}

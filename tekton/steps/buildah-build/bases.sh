# shellcheck shell=bash disable=SC2153,SC2154
# The images that a build has read from registries.

# The way out where a base image lacks the architecture.
other_base() {
  echo "name a base image in FROM that exists for $ARCHITECTURE too, a tag that is an index (buildah manifest inspect NAME lists what it has), or leave $ARCHITECTURE out of the build's architectures"
}

# Notes what the storage holds; 1 if buildah cannot tell.
note_images() {
  buildah images --json --no-trunc >"$HOME/images.json"
}

# `ID NAME` of each name that an image in the storage has. What the build itself made or took from the cache is left out.
named_images() {
  local line id='' listed=''
  while IFS= read -r line; do
    if [[ $line =~ ^\ +\"id\":\ \"(sha256:)?([0-9a-f]{64})\" ]]; then
      id=${BASH_REMATCH[2]}
    elif [[ $line =~ ^\ +\"names\":\ \[$ ]]; then
      listed=1
    elif [[ $line =~ ^\ +\] ]]; then
      listed=''
    elif [[ -n $listed && $line =~ ^\ +\"([^\"]+)\" && ${BASH_REMATCH[1]} != localhost/* && (-z $cache || ${BASH_REMATCH[1]} != "$cache:"*) ]]; then
      printf '%s %s\n' "$id" "${BASH_REMATCH[1]}"
    fi
  done <"$HOME/images.json"
}

# Digest under which the registry has what was pulled: of the index, if the name means one. buildah tells the member's alone, but the storage
# has kept the index beside it, in a file of the image's folder.
registry_digest() {
  local file
  for file in "$containers/$STORAGE_DRIVER/$STORAGE_DRIVER-images/$1"/*; do
    if [[ -f $file ]] && tr -d ' \t\n' <"$file" | grep -qE '^\{.*"manifests":\['; then
      printf 'sha256:%s' "$(sha256sum <"$file" | cut -d ' ' -f 1)"
      return 0
    fi
  done
  buildah inspect --type image --format '{{.FromImageDigest}}' "$1"
}

# `NAME@DIGEST` of every image that was pulled, for who asks later whether a base has changed.
list_bases() {
  local id name digest
  named_images | while read -r id name; do
    digest=${name#*@}
    [[ $name == *@* ]] || digest=$(registry_digest "$id")
    printf '%s@%s\n' "${name%%@*}" "$digest"
  done | sort -u
}

# Layers of an image, the lowest first, each with a space behind it.
layers_in_storage() {
  buildah inspect --type image --format '{{range .OCIv1.RootFS.DiffIDs}}{{.}} {{end}}' "$1"
}

# Says which images are for another architecture, and fails if one of them is in the result. A base without the architecture asked for is
# taken from another one, and either fails in the first RUN ("exec format error") or gives an image that only looks right.
# An image that was merely copied from is nobody's base: its layers are not the lowest ones of the result.
check_architectures() {
  local id name architecture own bad=0
  own=$(layers_in_storage result 2>/dev/null) || own=''
  while read -r id name; do
    architecture=$(buildah inspect --type image --format '{{.OCIv1.Architecture}}' "$id") || architecture=''
    [[ $architecture != "$ARCHITECTURE" ]] || continue
    if [[ -n $own && $own != "$(layers_in_storage "$id")"* ]]; then
      echo "$name is for ${architecture:-no architecture}: only files of it are in the image" >&2
    else
      echo "$task: image $name is for ${architecture:-no architecture}, not for $ARCHITECTURE" >&2
      bad=1
    fi
  done < <(named_images)
  return "$bad"
}

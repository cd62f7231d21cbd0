# shellcheck shell=bash disable=SC2034,SC2154
# What is made right in a layout that buildah has written, so that the same sources give the same bytes.

# Puts a file in the place of a blob, and its digest and size in the place of the old ones in another file. Sets $digest.
replace_blob() {
  local new
  new=$(sha256sum <"$4" | cut -d ' ' -f 1)
  sed -E -i "s/(\"digest\": ?\")sha256:$2(\", ?\"size\": ?)[0-9]+/\1sha256:$new\2$(stat -c %s "$4")/" "$3"
  grep -q "sha256:$new" "$3" || return 1
  rm "$1/blobs/sha256/$2"
  mv "$4" "$1/blobs/sha256/$new"
  digest=sha256:$new
}

# Gives the one image of the layout $1 the time $2 (seconds since 1970), and takes from its history the names of the images that its steps
# began with: where a step came from the cache, that is a name in the cache, else it is none. Sets $digest.
finish_layout() {
  local manifest config blobs=$1/blobs/sha256 created
  manifest=$(digest_of_layout "$1")
  manifest=${manifest#sha256:}
  [[ -n $manifest && -s $blobs/$manifest ]] || return 1
  config=$(config_of_manifest "$blobs/$manifest")
  [[ -n $config && -s $blobs/$config ]] || return 1
  created=$(date --utc --date "@$2" +%Y-%m-%dT%H:%M:%SZ)
  sed -E "s/^\{\"created\":\"[^\"]*\"/{\"created\":\"$created\"/; s/,\"comment\":\"FROM [^\"]*\"//g" "$blobs/$config" >"$1/config"
  grep -q "^{\"created\":\"$created\"" "$1/config" || return 1
  cp "$blobs/$manifest" "$1/manifest"
  replace_blob "$1" "$config" "$1/manifest" "$1/config" && replace_blob "$1" "$manifest" "$1/index.json" "$1/manifest"
}

# shellcheck shell=bash disable=SC2154
# What Maven takes of earlier runs and leaves for later ones: released artifacts that it has downloaded. It believes what its repository
# holds: code of an earlier run of the same build could have put something else there. A run that builds anew begins without it.
# Sourced by maven-package.sh.

# Removes from the repository what would be another one in a run without it: what the build itself has installed, snapshots and lists of
# versions, which Maven asks for once a day only, and that something was not found, which it does not ask for again either
# (https://maven.apache.org/ref/3.9.9/maven-settings/settings.html, `updatePolicy`). And what its checksum says is damaged: Maven warns of
# that when it downloads, and never looks again.
only_released_downloads() {
  local repository=$SOURCES/downloads
  mkdir -p "$repository"
  # Programs of packages may have made it one that cannot be changed: no reason to fail.
  { others_than_released "$repository" | xargs -0 --no-run-if-empty rm -f -- &&
    damaged "$repository" | xargs -0 --no-run-if-empty rm -f -- &&
    find "$repository" -mindepth 1 -type d -empty -delete; } 2>/dev/null || rm -rf "${repository:?}"/* 2>/dev/null || true
}

# Files that belong to no released version that was downloaded.
others_than_released() {
  local file
  local -A released=()
  # It says where each file of a version comes from, as name>repository=; what was installed has no repository.
  while IFS= read -r -d '' file; do
    [[ $file == *-SNAPSHOT/* ]] || released[${file%/*}]=yes
  done < <(find "$1" -type f -name _remote.repositories -exec grep --files-without-match --null -e '>=$' {} +)
  while IFS= read -r -d '' file; do
    case ${file##*/} in
      maven-metadata* | resolver-status.properties | *.lastUpdated) ;;
      *) [[ -L $file || -z ${released[${file%/*}]-} ]] || continue ;;
    esac
    printf '%s\0' "$file"
  done < <(find "$1" ! -type d -print0)
}

# Files that differ from the checksum that came with them.
damaged() {
  local file sum
  while IFS= read -r -d '' file; do
    read -r sum _ <"$file" || true
    [[ ! $sum =~ ^[0-9A-Fa-f]{40}$ || ! -f ${file%.sha1} ]] || printf '%s  %s\n' "$sum" "${file%.sha1}"
  done < <(find "$1" -type f -name '*.sha1' -print0) |
    { LC_ALL=C sha1sum --check --quiet 2>/dev/null || true; } | sed -n 's/: FAILED.*//p' | tr '\n' '\0'
}

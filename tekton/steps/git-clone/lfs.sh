# shellcheck shell=bash disable=SC2154
# Files that Git LFS stands in for.

# Paths in this folder whose content is still the pointer: the attribute says so, and the content is one
# (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
lfs_pointers() {
  local path value first
  git ls-files -z | git check-attr --stdin -z filter | while IFS= read -r -d '' path && read -r -d '' _ && read -r -d '' value; do
    [[ $value == lfs && -f $path && ! -L $path ]] || continue
    IFS= read -r -n 42 first <"$path" || true
    [[ $first != 'version https://git-lfs.github.com/spec/v1' ]] || printf '%s%s\n' "$1" "$path"
  done
}

all_lfs_pointers() {
  local module
  lfs_pointers ''
  for module in "${modules[@]}"; do
    (cd "$module" && lfs_pointers "$module/")
  done
}

fetch_lfs() {
  local pointers module
  pointers=$(all_lfs_pointers)
  [[ -n $pointers ]] || return 0
  if [[ $LFS != true ]]; then
    warn "$(wc -l <<<"$pointers") files of Git LFS stay pointers, such as $(head -n 1 <<<"$pointers")"
    return 0
  fi
  git lfs version >/dev/null 2>&1 ||
    fail "$(head -n 1 <<<"$pointers") ($(wc -l <<<"$pointers") files) is kept in Git LFS, which this task's image lacks: its pointer would be built into the image. Use a namespace.taskImages.nodejs with git-lfs, commit the file itself, or set lfs to false"
  echo "fetching $(wc -l <<<"$pointers") files of Git LFS" >&2
  # In git's settings of this pod, not in the repository's: a kept .git would ask for the program wherever it is used.
  git lfs install --skip-repo >/dev/null
  unset GIT_LFS_SKIP_SMUDGE
  patiently lfs pull >/dev/null || show_log
  for module in "${modules[@]}"; do
    patiently -C "$module" lfs pull >/dev/null || show_log
  done
  pointers=$(all_lfs_pointers)
  [[ -z $pointers ]] || fail "Git LFS gave no content for $(head -n 1 <<<"$pointers") ($(wc -l <<<"$pointers") files)"
}

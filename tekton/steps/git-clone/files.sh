# shellcheck shell=bash disable=SC2154
# The files of the commit that was fetched into $tree, with submodules and files of Git LFS.

# Makes .git say of the unpacked files what it says here: that nothing was changed. They are compared by size and time of change, so that
# nobody has to read all of them, and the content of Git LFS is no change where its program is missing.
keep_git_folder() {
  git config core.checkStat minimal
  git update-index -q --refresh || true
  rm -rf "$(git rev-parse --git-dir)"/{lfs,FETCH_HEAD}
}

# $1: time of the commit, which all files get: the same commit gives the same archive.
lay_out_files() {
  local module
  git read-tree --reset -u HEAD
  [[ $(git write-tree) == "$(git rev-parse 'HEAD^{tree}')" ]] || fail "git does not read the files of $commit"
  check_wanted_submodules
  if [[ $SUBMODULES != false ]]; then fetch_submodules ''; fi
  cd "$tree" || return
  fetch_lfs
  [[ -z ${CONTEXT:-} ]] || check_context "$tree" "$CONTEXT" "${CONTAINERFILE:-}"
  if [[ $GIT_FOLDER != true ]]; then find . -name .git -prune -exec rm -rf {} +; fi
  find . -name .git -prune -o -exec touch --no-dereference --date "@$1" {} +
  [[ $GIT_FOLDER == true ]] || return 0
  for module in . "${modules[@]}"; do (cd "$module" && keep_git_folder); done
}

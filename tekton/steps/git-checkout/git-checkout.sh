#!/usr/bin/env bash
# Lays the files of the commit out that git-clone.sh has fetched, with submodules and files of Git LFS, and packs them into the archive $ARCHIVE
# of the shared volume; does nothing where the commit's image is there already.
# Environment: URL, ARCHIVE, SHARED, SOURCES, HOME; CONTEXT and CONTAINERFILE, which the commit must have (empty: not looked for); SUBMODULES, LFS,
# GIT_FOLDER, INSECURE; GIT_CREDENTIALS and TRUST, folders (empty: none); $RESULT_COMMIT, $RESULT_TIMESTAMP and $RESULT_FOUND, files that the
# steps before have written.
set -euo pipefail
task=git-checkout
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=../git-clone/credentials.sh
source "$(dirname "${BASH_SOURCE[0]}")/../git-clone/credentials.sh"
# shellcheck source-path=SCRIPTDIR source=../git-clone/git.sh
source "$(dirname "${BASH_SOURCE[0]}")/../git-clone/git.sh"
# shellcheck source-path=SCRIPTDIR source=submodules.sh
source "$(dirname "${BASH_SOURCE[0]}")/submodules.sh"
# shellcheck source-path=SCRIPTDIR source=lfs.sh
source "$(dirname "${BASH_SOURCE[0]}")/lfs.sh"

: "${URL:?}" "${ARCHIVE:?}" "${SHARED:?}" "${SOURCES:?}" "${HOME:?}" "${SUBMODULES:?}" "${LFS:?}" "${GIT_FOLDER:?}" "${INSECURE:?}"
: "${RESULT_COMMIT:?}" "${RESULT_TIMESTAMP:?}" "${RESULT_FOUND:?}"
[[ $ARCHIVE =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]] || fail "'$ARCHIVE' is not the plain name of an archive"
if [[ -s $RESULT_FOUND ]]; then
  echo "nobody needs the sources: the image is there" >&2
  exit 0
fi
use_git
tree=$SOURCES/tree
cd "$tree"
timestamp=$(<"$RESULT_TIMESTAMP")

# Makes .git say of the unpacked files what it says here: that nothing was changed. They are compared by size and time of change, so that
# nobody has to read all of them, and the content of Git LFS is no change where its program is missing.
keep_git_folder() {
  git config core.checkStat minimal
  git update-index -q --refresh || true
  rm -rf "$(git rev-parse --git-dir)"/{lfs,FETCH_HEAD}
}

git read-tree --reset -u HEAD
[[ $(git write-tree) == "$(git rev-parse 'HEAD^{tree}')" ]] || fail "git does not read the files of $(<"$RESULT_COMMIT")"
check_wanted_submodules
if [[ $SUBMODULES != false ]]; then fetch_submodules ''; fi
cd "$tree"
fetch_lfs
[[ -z ${CONTEXT:-} ]] || check_context "$tree" "$CONTEXT" "${CONTAINERFILE:-}"

if [[ $GIT_FOLDER != true ]]; then find . -name .git -prune -exec rm -rf {} +; fi
# The same commit gives the same archive.
find . -name .git -prune -o -exec touch --no-dereference --date "@$timestamp" {} +
if [[ $GIT_FOLDER == true ]]; then
  for module in . "${modules[@]}"; do (cd "$module" && keep_git_folder); done
fi
pack_sources "$tree" "$ARCHIVE"
echo "$(<"$RESULT_COMMIT") -> $ARCHIVE" >&2

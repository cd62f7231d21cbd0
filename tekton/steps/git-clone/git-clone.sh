#!/usr/bin/env bash
# Fetches one commit and packs its files, with submodules and files of Git LFS, into the archive $ARCHIVE of the shared volume; fetches nothing
# where the commit's image is there already.
# Environment: URL, REVISION, ARCHIVE, SHARED, SOURCES, HOME; ON_BRANCH, which the commit must be on (empty: any will do); CONTEXT and CONTAINERFILE,
# which it must have (empty: not looked for); SUBMODULES, LFS, GIT_FOLDER, INSECURE; GIT_CREDENTIALS and TRUST, folders (empty: none).
# Reads what the steps before have left: $SOURCES/refs, the files $RESULT_COMMIT and $RESULT_FOUND. Results are written to the files
# $RESULT_COMMIT, $RESULT_TIMESTAMP and, where another commit was looked for, $RESULT_KEY.
set -euo pipefail
task=git-clone
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=credentials.sh
source "$(dirname "${BASH_SOURCE[0]}")/credentials.sh"
# shellcheck source-path=SCRIPTDIR source=git.sh
source "$(dirname "${BASH_SOURCE[0]}")/git.sh"
# shellcheck source-path=SCRIPTDIR source=../git-resolve/refs.sh
source "$(dirname "${BASH_SOURCE[0]}")/../git-resolve/refs.sh"
# shellcheck source-path=SCRIPTDIR source=branch.sh
source "$(dirname "${BASH_SOURCE[0]}")/branch.sh"
# shellcheck source-path=SCRIPTDIR source=submodules.sh
source "$(dirname "${BASH_SOURCE[0]}")/submodules.sh"
# shellcheck source-path=SCRIPTDIR source=lfs.sh
source "$(dirname "${BASH_SOURCE[0]}")/lfs.sh"
# shellcheck source-path=SCRIPTDIR source=files.sh
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"

: "${URL:?}" "${REVISION:?}" "${ARCHIVE:?}" "${SHARED:?}" "${SOURCES:?}" "${HOME:?}" "${SUBMODULES:?}" "${LFS:?}" "${GIT_FOLDER:?}" "${INSECURE:?}"
: "${RESULT_COMMIT:?}" "${RESULT_TIMESTAMP:?}" "${RESULT_KEY:?}" "${RESULT_FOUND:?}"
[[ $ARCHIVE =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]] || fail "'$ARCHIVE' is not the plain name of an archive"
if [[ -s $RESULT_FOUND ]]; then
  echo "nobody needs the sources: the image is there" >&2
  # Nobody reads it; a result that is missing would be an error.
  : >"$RESULT_TIMESTAMP"
  exit 0
fi
use_git
tree=$SOURCES/tree
rm -rf "$tree"
mkdir "$tree"
chmod g-s "$tree"
git init --quiet --template= "$tree"
cd "$tree"
git remote add origin "$URL"
refs=$(<"$SOURCES/refs")
read_refs

echo "fetching $REVISION of $URL" >&2
branches='+refs/heads/*:refs/remotes/origin/*'
tag_refs='+refs/tags/*:refs/tags/*'
if [[ $GIT_FOLDER != true ]]; then
  wanted=(--depth 1 origin "${ref:-$REVISION}")
elif [[ $ref == refs/heads/* ]]; then
  # All that the commit came from, and the tags: git describe counts the commits between.
  wanted=(origin "+$ref:refs/remotes/origin/${ref#refs/heads/}" "$tag_refs")
else
  wanted=(origin "${ref:-$REVISION}" "$tag_refs")
fi
if patiently fetch --quiet --no-tags "${wanted[@]}"; then
  commit=$(git rev-parse --verify 'FETCH_HEAD^{commit}') || fail "'$REVISION' of $URL is no commit"
else
  mv "$HOME/git.log" "$HOME/first.log"
  # A short commit id, or a server that gives single commits only by name of a branch: then everything is fetched.
  patiently fetch --quiet origin "$branches" "$tag_refs" || cannot_fetch
  commit=${ref/#refs\/heads\//refs/remotes/origin/}
  commit=$(git rev-parse --quiet --verify "${commit:-$REVISION}^{commit}") || {
    masked <"$HOME/first.log" >&2
    fail "$URL has no branch, tag or commit '$REVISION'"
  }
fi
[[ $commit =~ ^[0-9a-f]{40}$ ]] || fail "git gives '$commit' as the commit of '$REVISION'"
check_branch "$commit"
looked_for=$(<"$RESULT_COMMIT")
if [[ -n $looked_for && $commit != "$looked_for" ]]; then
  echo "building $commit: $REVISION is no longer $looked_for, or the name of something else than a commit" >&2
  : >"$RESULT_KEY"
fi
if [[ $GIT_FOLDER == true && $ref == refs/heads/* ]]; then
  git update-ref "$ref" "$commit"
  git symbolic-ref -m "checkout: moving from master to ${ref#refs/heads/}" HEAD "$ref"
else
  # `git status` says by this what was checked out.
  git update-ref -m "checkout: moving from master to $commit" --no-deref HEAD "$commit"
fi
timestamp=$(git show --no-patch --format=%ct "$commit")
[[ $timestamp =~ ^[0-9]+$ ]] || fail "commit $commit has no time"
lay_out_files "$timestamp"
pack_sources "$tree" "$ARCHIVE"

printf '%s' "$commit" >"$RESULT_COMMIT"
printf '%s' "$timestamp" >"$RESULT_TIMESTAMP"
echo "$commit -> $ARCHIVE" >&2

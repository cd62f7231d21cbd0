#!/usr/bin/env bash
# Fetches one commit and packs its files into the archive $ARCHIVE of the shared volume.
# Arguments: templates of tags, which must give some for this commit.
# Environment: URL, REVISION, ARCHIVE, SHARED, SOURCES, HOME; CONTEXT and CONTAINERFILE, which the commit must have (empty: not looked
# for); ON_BRANCH, which the commit must be on (empty: any will do); SUBMODULES, LFS, GIT_FOLDER, INSECURE; GIT_CREDENTIALS and TRUST, folders (empty: none).
# Results are written to the files $RESULT_COMMIT, $RESULT_URL, $RESULT_TIMESTAMP, $RESULT_BRANCH.
set -euo pipefail
task=git-clone
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=credentials.sh
source "$(dirname "${BASH_SOURCE[0]}")/credentials.sh"
# shellcheck source-path=SCRIPTDIR source=branch.sh
source "$(dirname "${BASH_SOURCE[0]}")/branch.sh"
# shellcheck source-path=SCRIPTDIR source=submodules.sh
source "$(dirname "${BASH_SOURCE[0]}")/submodules.sh"
# shellcheck source-path=SCRIPTDIR source=lfs.sh
source "$(dirname "${BASH_SOURCE[0]}")/lfs.sh"
# shellcheck source-path=SCRIPTDIR source=../buildah-push/tags.sh
source "$(dirname "${BASH_SOURCE[0]}")/../buildah-push/tags.sh"

: "${URL:?}" "${ARCHIVE:?}" "${SHARED:?}" "${SOURCES:?}" "${HOME:?}"
: "${SUBMODULES:?}" "${LFS:?}" "${GIT_FOLDER:?}" "${INSECURE:?}"
: "${RESULT_COMMIT:?}" "${RESULT_URL:?}" "${RESULT_TIMESTAMP:?}" "${RESULT_BRANCH:?}"
# The URL ends in logs, results and in the image's label. The user of ssh is no secret.
if [[ $URL == *[?#]* || ( $URL =~ ^[a-z]+://[^/]*@ && ! $URL =~ ^ssh://[A-Za-z0-9._-]+@[^/@]+/ ) ]]; then
  fail "the repository's URL holds a user, a password or a query: they would be seen in logs and in the image's label"
fi
if [[ -z ${REVISION:-} || $REVISION == -* ]] || ! git check-ref-format --allow-onelevel "$REVISION"; then
  fail "revision '${REVISION:-}' is not the name of a branch, a tag or a commit"
fi
if [[ -n ${ON_BRANCH:-} ]] && ! git check-ref-format "refs/heads/$ON_BRANCH"; then fail "on-branch '$ON_BRANCH' is not the name of a branch"; fi
[[ $ARCHIVE =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]] || fail "'$ARCHIVE' is not the plain name of an archive"

# Messages of git and ssh are read, and ranges of letters are meant.
export LC_ALL=C
# Never wait for somebody to type a password, nor for a server that has stopped to send (git-config, http.lowSpeedLimit): one that packs a large
# repository says so with five bytes every five seconds (uploadpack.keepAlive). Packages of Git LFS have git fetch files at every checkout,
# before it is known which are wanted.
export GIT_TERMINAL_PROMPT=0 GIT_HTTP_LOW_SPEED_LIMIT=1 GIT_HTTP_LOW_SPEED_TIME=60 GIT_LFS_SKIP_SMUDGE=1
pause=${PAUSE:-5}
use_credentials
! use_trust || export GIT_SSL_CAINFO=$SSL_CERT_FILE

# OpenShift's pods have an fsGroup, which makes their volumes setgid: folders would hand that on to images.
umask 022
tree=$SOURCES/tree
rm -rf "$tree"
mkdir "$tree"
chmod g-s "$tree"
git init --quiet --template= "$tree"
cd "$tree"
git remote add origin "$URL"

# Runs git up to three times; a server's refusal is final. What it last said stays in $HOME/git.log.
patiently() {
  local attempt
  for attempt in 1 2 3; do
    if git "$@" 2>"$HOME/git.log"; then return 0; fi
    if [[ $attempt == 3 ]] || said "could not read Username|authentication failed|$no_such|not allowed|not our ref|unadvertised|find remote ref|HTTP [0-9]* curl|returned error: 40[0-9]|permission denied \(|host key verification failed|no entry in /etc/passwd|certificate|filter .* not supported"; then
      return 1
    fi
    echo "git ${1} failed, trying again: $(cause | masked)" >&2
    sleep "$pause"
  done
}
# The line that says most: git adds general advice to what ssh says.
cause() { grep -vE '^$|^Please make sure|^and the repository exists|^fatal: Could not read from remote' "$HOME/git.log" | tail -n 1; }
show_log() { masked <"$HOME/git.log" >&2; }
cannot_fetch() {
  show_log
  fail "cannot fetch from $URL$(explained "$URL")"
}

# Makes .git say of the unpacked files what it says here: that nothing was changed. They are compared by size and time of change, so that
# nobody has to read all of them, and the content of Git LFS is no change where its program is missing.
keep_git_folder() {
  git config core.checkStat minimal
  git update-index -q --refresh || true
  rm -rf "$(git rev-parse --git-dir)"/{lfs,FETCH_HEAD}
}

echo "fetching $REVISION of $URL" >&2
refs=$(patiently ls-remote --symref origin HEAD "$REVISION" ${ON_BRANCH:+"refs/heads/$ON_BRANCH"}) || cannot_fetch
offered=$'\n'$(cut -f 2 <<<"$refs")$'\n'
default_branch=$(sed -n 's#^ref: refs/heads/\(.*\)\tHEAD$#\1#p' <<<"$refs")
# gitrevisions(7): a tag comes before a branch. Which one is meant, only the author knows.
ref=
for name in "$REVISION" "refs/$REVISION" "refs/tags/$REVISION" "refs/heads/$REVISION"; do
  if [[ -z $ref && $offered == *$'\n'"$name"$'\n'* ]]; then ref=$name; fi
done
if [[ $ref == "refs/tags/$REVISION" && $offered == *$'\n'"refs/heads/$REVISION"$'\n'* ]]; then
  warn "'$REVISION' is a branch and a tag: the tag is built; write refs/heads/$REVISION for the branch"
fi
[[ $ref != HEAD || -z $default_branch ]] || ref=refs/heads/$default_branch
if [[ -z $ref && ! $REVISION =~ ^[0-9a-fA-F]{4,64}$ ]]; then
  fail "$URL has no branch, tag or commit '$REVISION'; its default branch is '$default_branch'"
fi

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
[[ $commit =~ ^([0-9a-f]{40}|[0-9a-f]{64})$ ]] || fail "git gives '$commit' as the commit of '$REVISION'"
check_branch "$commit"
if [[ $GIT_FOLDER == true && $ref == refs/heads/* ]]; then
  git checkout --quiet -B "${ref#refs/heads/}" "$commit"
else
  git -c advice.detachedHead=false checkout --quiet "$commit"
fi
timestamp=$(git show --no-patch --format=%ct "$commit")
[[ $timestamp =~ ^[0-9]+$ ]] || fail "commit $commit has no time"
# As a part of an image's tag: a commit has no name to be called by, fix/#123 is fix-123.
branch=$(sed -E 's#^refs/##; s#^(heads|tags)/##; s/[^A-Za-z0-9_.-]+/-/g; s/^[.-]+//; s/-+$//' <<<"$ref")

# Here a typing error costs seconds and one pod.
tags=("$@")
COMMIT=$commit BRANCH=$branch IMAGE='' fill_in_tags
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
echo "$commit -> $ARCHIVE" >&2

printf '%s' "$commit" >"$RESULT_COMMIT"
printf '%s' "$URL" >"$RESULT_URL"
printf '%s' "$timestamp" >"$RESULT_TIMESTAMP"
printf '%s' "$branch" >"$RESULT_BRANCH"

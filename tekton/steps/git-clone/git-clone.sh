#!/usr/bin/env bash
# Fetches one commit and lays its files into the folders given as arguments (relative to $SHARED).
# Environment: URL, REVISION, SHARED, HOME; CONTEXT and CONTAINERFILE, which the commit must have (empty: not looked for);
# results are written to the files $RESULT_COMMIT, $RESULT_URL, $RESULT_TIMESTAMP.
set -euo pipefail
task=git-clone
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

: "${URL:?}" "${SHARED:?}" "${HOME:?}" "${RESULT_COMMIT:?}" "${RESULT_URL:?}" "${RESULT_TIMESTAMP:?}"
[[ $# -gt 0 ]] || fail "no folder given"
# The URL ends in logs, results and in the image's label.
[[ ! $URL =~ ^[a-z]+://[^/]*@ && $URL != *\?* && $URL != *\#* ]] ||
  fail "the repository's URL holds a user, a password or a query: they would be seen in logs and in the image's label"
if [[ -z ${REVISION:-} || $REVISION == -* ]] || ! git check-ref-format --allow-onelevel "$REVISION"; then
  fail "revision '${REVISION:-}' is not the name of a branch, a tag or a commit"
fi
for folder in "$@"; do
  case "/$folder/" in
    // | */../* | */./* | //*) fail "folder '$folder' is not a plain path inside the shared volume" ;;
  esac
done

# Never wait for somebody to type a password, nor for a server that has stopped to send (git-config, http.lowSpeedLimit).
# ssh is no use: the pod has neither a key nor a name for its user.
export GIT_TERMINAL_PROMPT=0 GIT_HTTP_LOW_SPEED_LIMIT=1000 GIT_HTTP_LOW_SPEED_TIME=60
export GIT_ALLOW_PROTOCOL=${GIT_ALLOW_PROTOCOL:-git:http:https}
pause=${PAUSE:-5}
# OpenShift's pods have an fsGroup, which makes their volumes setgid: folders would hand that on to the shared volume, and so to images.
umask 022
clone=$HOME/clone
rm -rf "$clone"
mkdir "$clone"
chmod g-s "$clone"
git init --quiet "$clone"
cd "$clone"
git remote add origin "$URL"

# Runs git up to three times; a server's refusal is final. What it last said stays in $HOME/git.log.
patiently() {
  local attempt
  for attempt in 1 2 3; do
    if git "$@" 2>"$HOME/git.log"; then return 0; fi
    if [[ $attempt == 3 ]] || grep -qiE 'could not read Username|authentication failed|not found|does not (exist|appear)|not allowed|not our ref|unadvertised|find remote ref|HTTP [0-9]* curl|returned error: 40[0-9]' "$HOME/git.log"; then
      return 1
    fi
    echo "git ${1} failed, trying again: $(tail -n 1 "$HOME/git.log")" >&2
    sleep "$pause"
  done
}
cannot_fetch() {
  cat "$HOME/git.log" >&2
  if grep -qiE 'could not read Username|authentication failed|returned error: 40[13]' "$HOME/git.log"; then
    fail "cannot fetch from $URL: it does not exist or is not public"
  fi
  fail "cannot fetch from $URL"
}

echo "fetching $REVISION of $URL" >&2
refs=$(patiently ls-remote origin "refs/heads/$REVISION" "refs/tags/$REVISION") || cannot_fetch
# gitrevisions(7): a tag comes before a branch. Which one is meant, only the author knows.
if [[ $refs == *"refs/heads/$REVISION"* && $refs == *"refs/tags/$REVISION"* ]]; then
  warn "'$REVISION' is a branch and a tag: the tag is built; write refs/heads/$REVISION for the branch"
fi
if patiently fetch --quiet --depth 1 origin "$REVISION"; then
  commit=$(git rev-parse --verify 'FETCH_HEAD^{commit}') || fail "'$REVISION' of $URL is no commit"
else
  mv "$HOME/git.log" "$HOME/first.log"
  # A short commit id, or a server that gives single commits only by name of a branch: then everything is fetched.
  patiently fetch --quiet origin '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*' || cannot_fetch
  commit=$(git rev-parse --quiet --verify "$REVISION^{commit}") || {
    cat "$HOME/first.log" >&2
    fail "$URL has no branch, tag or commit '$REVISION'"
  }
fi
[[ $commit =~ ^([0-9a-f]{40}|[0-9a-f]{64})$ ]] || fail "git gives '$commit' as the commit of '$REVISION'"
git -c advice.detachedHead=false checkout --quiet "$commit"
if [[ -f .gitmodules ]]; then
  # A server that gives no single commits has to give all of them.
  git submodule --quiet update --init --recursive --depth 1 2>"$HOME/git.log" ||
    git submodule --quiet update --init --recursive 2>"$HOME/git.log" || {
    cat "$HOME/git.log" >&2
    fail "cannot fetch the submodules ($(git config --file .gitmodules --get-regexp '\.url$' | cut -d ' ' -f 2 | sed -E 's|//[^/@]*@|//|' | paste -sd ' ')): only public ones over https:// can be"
  }
fi
timestamp=$(git show --no-patch --format=%ct "$commit")
[[ $timestamp =~ ^[0-9]+$ ]] || fail "commit $commit has no time"

# Paths in this folder that Git LFS stands in for: the attribute says so, and the content is still the pointer
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
  # shellcheck disable=SC2016 # git's own variable
  git submodule --quiet foreach --recursive 'printf "%s\n" "$displaypath"' | while IFS= read -r module; do
    (cd "$module" && lfs_pointers "$module/")
  done
}
pointers=$(all_lfs_pointers)
if [[ -n $pointers ]] && git lfs version >/dev/null 2>&1; then
  echo "fetching $(wc -l <<<"$pointers") files of Git LFS" >&2
  git lfs install --local >/dev/null
  patiently lfs pull >&2 || cat "$HOME/git.log" >&2
  if [[ -f .gitmodules ]]; then
    git submodule --quiet foreach --recursive 'git lfs install --local >/dev/null && git lfs pull >&2 || true'
  fi
  pointers=$(all_lfs_pointers)
  [[ -z $pointers ]] || fail "Git LFS gave no content for $(head -n 1 <<<"$pointers") ($(wc -l <<<"$pointers") files)"
fi
[[ -z $pointers ]] ||
  fail "$(head -n 1 <<<"$pointers") ($(wc -l <<<"$pointers") files) is kept in Git LFS, which this task's image lacks: its pointer would be built into the image. Use a namespace.taskImages.nodejs with git-lfs, or commit the file itself"

# Here a typing error costs seconds and one pod.
[[ -z ${CONTEXT:-} ]] || check_context "$clone" "$CONTEXT" "${CONTAINERFILE:-}"

# Only files go to the shared volume; a finished folder appears in one step, an unfinished one of an earlier try is cleared.
find . -name .git -prune -exec rm -rf {} +
for folder in "$@"; do
  target=$SHARED/$folder
  rm -rf "$target" "$target.tmp"
  mkdir -p "$target.tmp"
  chmod g-s "$target.tmp"
  # Without --preserve=mode, which would carry a setgid bit and ask the volume for access lists; execute bits go along in any case.
  cp -R --no-dereference --preserve=links . "$target.tmp/"
  mv "$target.tmp" "$target"
  echo "$commit -> $folder" >&2
done

printf '%s' "$commit" >"$RESULT_COMMIT"
printf '%s' "$URL" >"$RESULT_URL"
printf '%s' "$timestamp" >"$RESULT_TIMESTAMP"

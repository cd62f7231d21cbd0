#!/usr/bin/env bash
# Fetches one commit and lays its files into the folders given as arguments (relative to $SHARED).
# Environment: URL, REVISION, SHARED, HOME; results are written to the files $RESULT_COMMIT, $RESULT_URL, $RESULT_TIMESTAMP.
set -euo pipefail

fail() {
  echo "git-clone: $*" >&2
  exit 1
}

: "${URL:?}" "${SHARED:?}" "${HOME:?}"
[[ $# -gt 0 ]] || fail "no folder given"
if [[ -z ${REVISION:-} || $REVISION == -* ]] || ! git check-ref-format --allow-onelevel "$REVISION"; then
  fail "revision '${REVISION:-}' is not the name of a branch, a tag or a commit"
fi
for folder in "$@"; do
  case "/$folder/" in
    // | */../* | */./* | //*) fail "folder '$folder' is not a plain path inside the shared volume" ;;
  esac
done

# Never wait for somebody to type a password.
export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND="${GIT_SSH_COMMAND:-ssh -o BatchMode=yes}"

clone=$HOME/clone
rm -rf "$clone"
git init --quiet "$clone"
cd "$clone"
git remote add origin "$URL"

echo "fetching $REVISION of $URL" >&2
if git fetch --quiet --depth 1 origin "$REVISION" 2>"$HOME/fetch.log"; then
  commit=$(git rev-parse --verify 'FETCH_HEAD^{commit}')
else
  # A short commit id, or a server that gives single commits only by name of a branch: then everything is fetched.
  git fetch --quiet origin '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*' || fail "cannot fetch from $URL"
  commit=$(git rev-parse --quiet --verify "$REVISION^{commit}") || {
    cat "$HOME/fetch.log" >&2
    fail "$URL has no branch, tag or commit '$REVISION'"
  }
fi
git -c advice.detachedHead=false checkout --quiet "$commit"
if [[ -f .gitmodules ]]; then
  git submodule --quiet update --init --recursive --depth 1
fi
timestamp=$(git show --no-patch --format=%ct "$commit")

# Only files go to the shared volume; a finished folder appears in one step, an unfinished one of an earlier try is cleared.
find . -name .git -prune -exec rm -rf {} +
for folder in "$@"; do
  target=$SHARED/$folder
  rm -rf "$target" "$target.tmp"
  mkdir -p "$target.tmp"
  cp -R --no-dereference --preserve=mode,links . "$target.tmp/"
  mv "$target.tmp" "$target"
  echo "$commit -> $folder" >&2
done

printf '%s' "$commit" >"$RESULT_COMMIT"
printf '%s' "$URL" >"$RESULT_URL"
printf '%s' "$timestamp" >"$RESULT_TIMESTAMP"

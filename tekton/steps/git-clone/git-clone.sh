#!/usr/bin/env bash
# Fetches one commit into the pod's own folder $SOURCES/tree, as a repository without files: git-checkout.sh lays them out.
# Arguments: templates of tags, which must give some for this commit.
# Environment: URL, REVISION, SOURCES, HOME; ON_BRANCH, which the commit must be on (empty: any will do); GIT_FOLDER, INSECURE; GIT_CREDENTIALS and
# TRUST, folders (empty: none).
# Results are written to the files $RESULT_COMMIT, $RESULT_URL, $RESULT_TIMESTAMP, $RESULT_BRANCH.
set -euo pipefail
task=git-clone
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=credentials.sh
source "$(dirname "${BASH_SOURCE[0]}")/credentials.sh"
# shellcheck source-path=SCRIPTDIR source=git.sh
source "$(dirname "${BASH_SOURCE[0]}")/git.sh"
# shellcheck source-path=SCRIPTDIR source=branch.sh
source "$(dirname "${BASH_SOURCE[0]}")/branch.sh"
# shellcheck source-path=SCRIPTDIR source=../buildah-push/tags.sh
source "$(dirname "${BASH_SOURCE[0]}")/../buildah-push/tags.sh"

: "${URL:?}" "${SOURCES:?}" "${HOME:?}" "${GIT_FOLDER:?}" "${INSECURE:?}"
: "${RESULT_COMMIT:?}" "${RESULT_URL:?}" "${RESULT_TIMESTAMP:?}" "${RESULT_BRANCH:?}"
# The URL ends in logs, results and in the image's label. The user of ssh is no secret.
if [[ $URL == *[?#]* || ( $URL =~ ^[a-z]+://[^/]*@ && ! $URL =~ ^ssh://[A-Za-z0-9._-]+@[^/@]+/ ) ]]; then
  fail "the repository's URL holds a user, a password or a query: they would be seen in logs and in the image's label"
fi
if [[ -z ${REVISION:-} || $REVISION == -* ]] || ! git check-ref-format --allow-onelevel "$REVISION"; then
  fail "revision '${REVISION:-}' is not the name of a branch, a tag or a commit"
fi
if [[ -n ${ON_BRANCH:-} ]] && ! git check-ref-format "refs/heads/$ON_BRANCH"; then fail "on-branch '$ON_BRANCH' is not the name of a branch"; fi

use_git
tree=$SOURCES/tree
rm -rf "$tree"
mkdir "$tree"
chmod g-s "$tree"
git init --quiet --template= "$tree"
cd "$tree"
git remote add origin "$URL"

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
# The files are laid out by a later step, if anybody needs them.
if [[ $GIT_FOLDER == true && $ref == refs/heads/* ]]; then
  git update-ref "$ref" "$commit"
  git symbolic-ref -m "checkout: moving from master to ${ref#refs/heads/}" HEAD "$ref"
else
  # `git status` says by this what was checked out.
  git update-ref -m "checkout: moving from master to $commit" --no-deref HEAD "$commit"
fi
timestamp=$(git show --no-patch --format=%ct "$commit")
[[ $timestamp =~ ^[0-9]+$ ]] || fail "commit $commit has no time"
# As a part of an image's tag: a commit has no name to be called by, fix/#123 is fix-123.
branch=$(sed -E 's#^refs/##; s#^(heads|tags)/##; s/[^A-Za-z0-9_.-]+/-/g; s/^[.-]+//; s/-+$//' <<<"$ref")

# Here a typing error costs seconds and one pod.
tags=("$@")
COMMIT=$commit BRANCH=$branch IMAGE='' fill_in_tags

printf '%s' "$commit" >"$RESULT_COMMIT"
printf '%s' "$URL" >"$RESULT_URL"
printf '%s' "$timestamp" >"$RESULT_TIMESTAMP"
printf '%s' "$branch" >"$RESULT_BRANCH"

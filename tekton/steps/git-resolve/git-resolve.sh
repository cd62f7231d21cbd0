#!/usr/bin/env bash
# Asks the repository which commit a revision is, and fetches nothing: its image may be there already.
# Arguments: templates of tags, which must give some for this commit.
# Environment: URL, REVISION, SOURCES, HOME; ON_BRANCH, which the commit must be on (empty: any will do); INSECURE; GIT_CREDENTIALS and TRUST,
# folders (empty: none). Leaves what the server offers in $SOURCES/refs.
# Results are written to the files $RESULT_URL, $RESULT_BRANCH and $RESULT_COMMIT: empty where only a fetch tells which commit it is, or whether
# it is on the branch.
set -euo pipefail
task=git-clone
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=../git-clone/credentials.sh
source "$(dirname "${BASH_SOURCE[0]}")/../git-clone/credentials.sh"
# shellcheck source-path=SCRIPTDIR source=../git-clone/git.sh
source "$(dirname "${BASH_SOURCE[0]}")/../git-clone/git.sh"
# shellcheck source-path=SCRIPTDIR source=refs.sh
source "$(dirname "${BASH_SOURCE[0]}")/refs.sh"
# shellcheck source-path=SCRIPTDIR source=../buildah-push/tags.sh
source "$(dirname "${BASH_SOURCE[0]}")/../buildah-push/tags.sh"

: "${URL:?}" "${SOURCES:?}" "${HOME:?}" "${INSECURE:?}" "${RESULT_COMMIT:?}" "${RESULT_URL:?}" "${RESULT_BRANCH:?}"
# The URL ends in logs, results and in the image's label. The user of ssh is no secret.
if [[ $URL == *[?#]* || ( $URL =~ ^[a-z]+://[^/]*@ && ! $URL =~ ^ssh://[A-Za-z0-9._-]+@[^/@]+/ ) ]]; then
  fail "the repository's URL holds a user, a password or a query: they would be seen in logs and in the image's label"
fi
if [[ -z ${REVISION:-} || $REVISION == -* ]] || ! git check-ref-format --allow-onelevel "$REVISION"; then
  fail "revision '${REVISION:-}' is not the name of a branch, a tag or a commit"
fi
if [[ -n ${ON_BRANCH:-} ]] && ! git check-ref-format "refs/heads/$ON_BRANCH"; then fail "on-branch '$ON_BRANCH' is not the name of a branch"; fi

use_git
echo "looking for $REVISION in $URL" >&2
# ^{}: the commit of a tag that has a message.
refs=$(patiently ls-remote --symref -- "$URL" HEAD "$REVISION" "$REVISION^{}" ${ON_BRANCH:+"refs/heads/$ON_BRANCH"}) || cannot_fetch
printf '%s\n' "$refs" >"$SOURCES/refs"
read_refs
if [[ $ref == "refs/tags/$REVISION" && -n $(id_of "refs/heads/$REVISION") ]]; then
  warn "'$REVISION' is a branch and a tag: the tag is built; write refs/heads/$REVISION for the branch"
fi
if [[ -n $ref ]]; then
  commit=$(id_of "$offered")
elif [[ $REVISION =~ ^[0-9a-f]{40}$ ]]; then
  commit=$REVISION
elif [[ $REVISION =~ ^[0-9a-fA-F]{4,64}$ ]]; then
  commit=
else
  fail "$URL has no branch, tag or commit '$REVISION'; its default branch is '$default_branch'"
fi
[[ ${#commit} -ne 64 ]] || fail "the commits of $URL have ids of SHA-256, which are not supported"
if [[ -n ${ON_BRANCH:-} && $commit != "$(id_of "refs/heads/$ON_BRANCH")" ]]; then commit=; fi
# As a part of an image's tag: a commit has no name to be called by, fix/#123 is fix-123.
branch=$(sed -E 's#^refs/##; s#^(heads|tags)/##; s/[^A-Za-z0-9_.-]+/-/g; s/^[.-]+//; s/-+$//' <<<"$ref")

# Here a typing error costs seconds and one pod. Which commit it is does not matter to that.
tags=("$@")
COMMIT=${commit:-$(printf '%040d' 0)} BRANCH=$branch IMAGE='' fill_in_tags

printf '%s' "$commit" >"$RESULT_COMMIT"
printf '%s' "$URL" >"$RESULT_URL"
printf '%s' "$branch" >"$RESULT_BRANCH"

#!/usr/bin/env bash
# What a Git server has of a revision, asked as a build's task would ask, with the same credentials and the same messages. Nobody is ever
# asked for a password. In: URL, REVISION, HOME (a folder of its own), GIT_CREDENTIALS and TRUST (folders; empty: none), INSECURE. Out: the
# lines of git ls-remote. Exit code 3 if it could not be asked, or if nothing definite was said: another try, or another machine, may hear more.
set -euo pipefail
unasked() {
  echo "$*" >&2
  exit 3
}
((BASH_VERSINFO[0] >= 4)) || unasked "bash 4 or later is needed to ask, this is $BASH_VERSION"
command -v git >/dev/null || unasked "there is no git on PATH"
steps=$(cd "$(dirname "${BASH_SOURCE[0]}")/../tekton/steps" && pwd)
task=preflight
# shellcheck source-path=SCRIPTDIR source=../tekton/steps/lib.sh
source "$steps/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../tekton/steps/git-clone/credentials.sh
source "$steps/git-clone/credentials.sh"
: "${URL:?}" "${REVISION:?}" "${HOME:?}" "${INSECURE:?}"
[[ $(scheme_of "$URL") != ssh ]] || command -v ssh >/dev/null || unasked "there is no ssh on PATH"

export LC_ALL=C GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=true SSH_ASKPASS=true
# Relative to no repository of ours.
cd "$HOME"
use_credentials
! use_trust || export GIT_SSL_CAINFO=$SSL_CERT_FILE
if ! git ls-remote --symref "$URL" HEAD "$REVISION" 2>"$HOME/git.log"; then
  cause=$(masked <"$HOME/git.log" | grep -vE '^$|^Please make sure|^and the repository exists|^fatal: Could not read from remote' | tail -n 1)
  meaning=$(explained "$URL")
  if [[ -z $meaning ]] || said "certificate|$no_answer"; then unasked "$cause$meaning"; fi
  fail "$cause$meaning"
fi

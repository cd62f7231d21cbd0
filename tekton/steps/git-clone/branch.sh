# shellcheck shell=bash disable=SC2154
# Whether a commit is of the branch that it is said to have been pushed to. Servers give the commits of forks and of pull requests by the
# address of the repository as well, so that it gives a commit says nothing of who may write there.

# Fails unless $1 is the tip of $ON_BRANCH or came before it. Empty: any commit will do. Reads $refs, what the server has offered.
check_branch() {
  local tip
  [[ -n ${ON_BRANCH:-} ]] || return 0
  tip=$(id_of "refs/heads/$ON_BRANCH")
  [[ -n $tip ]] || fail "$URL has no branch '$ON_BRANCH', to which $1 is said to have been pushed: it was deleted since"
  [[ $1 != "$tip" ]] || return 0
  fetch_history
  # The other repository would ask the server for a commit that it does not have.
  GIT_NO_LAZY_FETCH=1 git -C "$history" merge-base --is-ancestor "$1" "refs/heads/$ON_BRANCH" 2>"$HOME/git.log" ||
    fail "$1 is not on the branch '$ON_BRANCH' of $URL: it is of a fork, a pull request or another branch, or the branch was moved away from it by a forced push. Nothing of it was built"
  rm -rf "$history"
}

# The branch's commits, without their trees and files, into a repository of its own; all of it from a server that sends no less.
fetch_history() {
  local less
  history=$SOURCES/history
  for less in --filter=tree:0 --no-filter; do
    # Not the same one twice: it keeps the filter.
    rm -rf "$history"
    git init --quiet --bare --template= "$history"
    git -C "$history" remote add origin "$URL"
    if patiently -C "$history" fetch --quiet --no-tags "$less" origin "+refs/heads/$ON_BRANCH:refs/heads/$ON_BRANCH"; then return 0; fi
  done
  cannot_fetch
}

# shellcheck shell=bash disable=SC2154
# How the steps of this task call git: with the workspaces' credentials and authorities, patiently, and with what it says in $HOME/git.log.

# What every call needs. Folders and files are what they are in the repository.
use_git() {
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
}

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

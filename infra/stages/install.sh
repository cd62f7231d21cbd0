#!/usr/bin/env bash
# Creates the cluster, or goes on with one that an earlier try left. In: stdin of the assets stage, INFRA_ID, AWS_ACCOUNT_ID,
# CREATED_AT, DESTROY_MINUTES. Out: JSON, kubeconfig and password.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tools.sh
source "$stages/lib/tools.sh"
# shellcheck source-path=SCRIPTDIR source=lib/watch.sh
source "$stages/lib/watch.sh"
# shellcheck source-path=SCRIPTDIR source=lib/logs.sh
source "$stages/lib/logs.sh"
# shellcheck source-path=SCRIPTDIR source=lib/aws.sh
source "$stages/lib/aws.sh"

home="$work/${INFRA_ID:?}"
assets="$home/assets"
log="$home/install.log"
# shellcheck source-path=SCRIPTDIR source=lib/resume.sh
source "$stages/lib/resume.sh"

orphaned() {
  case "$1" in
    gone) keep_log install "$assets" "$log" ;;
    # Unless another run has begun since, whose installer this would end.
    ended) [[ $(cat "$home/stage" 2>/dev/null) != "$$" ]] || end_strays "$home/" ;;
  esac
}

wait_for_cluster() {
  local status=0
  watched "$log" 90 "$installer" wait-for install-complete --dir "$assets" --log-level=info || status=$?
  ((status == 0)) || keep_log install "$assets" "$log" failed
  ((status == 0)) ||
    fail "The cluster runs, but its operators are not ready (exit code $status). Look at them with the kubeconfig in $assets/auth; pulumi up waits for them again. Log: $log"
}

finish() {
  local result
  keep_log install "$assets" "$log"
  result=$(documents installed "$assets")
  rm -rf "$home"
  printf '%s\n' "$result"
  exit 0
}

# The installer's directory as the identity stage left it.
restore() {
  rm -rf "$assets" "$home/restored"
  mkdir "$home/restored"
  printf '%s' "$encoded" | base64 -d 2>/dev/null | unpack "$home/restored" 2>/dev/null ||
    fail "The installer's directory in the stack's state cannot be unpacked: run pulumi state unprotect --all, pulumi destroy, then pulumi up."
  mv "$home/restored" "$assets"
}

# After a try that has made nothing: the next one may begin as if there had been none.
untouched() {
  restore
  touch "$home/untouched"
  mv "$log" "$home/previous.log"
  log=$home/previous.log
}

encoded=$(cat)
[[ -n "$encoded" ]] ||
  fail "The installer's directory is lost: a pulumi destroy was broken off, or it was on the machine where the cluster got its name, and did not reach the stack's state. Run pulumi state unprotect --all, pulumi destroy, then pulumi up."
ensure_tools
export OPENSHIFT_INSTALL_INVOKER=openshift-multiarch
# It would leave the bootstrap machine, open to the world by SSH, after an install that went well.
unset OPENSHIFT_INSTALL_PRESERVE_BOOTSTRAP
folder "$home"
echo "$$" >"$home/stage"
begin_without_strays "$home/"

if [[ -e "$home/untouched" ]]; then
  restore
  check_creator "$(cat "$assets/metadata.json")" "${AWS_ACCOUNT_ID:?}"
  # The mark is this machine's. Another one may have tried since, with the directory in the stack's state.
  find_machines
  [[ -z "$machines" ]] || rm "$home/untouched"
fi
if [[ -e "$home/untouched" ]]; then
  documents age
else
  say "An earlier install may have left something; looking for the cluster"
  # As the installer left it: it knows how the bootstrap machine was made.
  [[ -s "$assets/metadata.json" && -s "$assets/auth/kubeconfig" ]] || restore
  if worth_keeping; then
    say "The control plane of the earlier install is up; going on with it"
    touch "$home/bootstrapped"
    remove_bootstrap_machine
    wait_for_cluster
    finish
  fi
  documents age
  check_creator "$(cat "$assets/metadata.json")" "${AWS_ACCOUNT_ID:?}"
  say "Removing what the earlier install left"
  remove_cluster "$(cat "$assets/metadata.json")" "$AWS_ACCOUNT_ID"
  [[ ! -e "$log" ]] || mv "$log" "$home/previous.log"
  restore
fi
rm -f "$home/untouched" "$home/bootstrapped" "$home/unwanted"

# Only later installers know the option; without it the log file, which nobody else can read, has the password at its end.
options=(--dir "$assets" --log-level=info)
help=$(limited 120 "$installer" create cluster --help 2>/dev/null) || true
if [[ $help == *--skip-password-print* ]]; then options+=(--skip-password-print); fi
say "Creating the cluster; this takes about 40 minutes. Log: $log"
status=0
watched "$log" 240 "$installer" create cluster "${options[@]}" || status=$?
((status != 0)) || finish
# An installer that was killed leaves its controllers, which go on making things.
end_strays "$home/" || say "Warning: something of the installer still works (see above), and may go on making things."
keep_log install "$assets" "$log" failed
next="Run pulumi up again: it goes on with the cluster if that has come up, and removes it and starts anew if it surely has not."
# Before that line it has asked AWS, and made nothing (openshift/installer, pkg/asset/cluster/cluster.go).
if ! grep -qs 'Creating infrastructure resources' "$log"; then
  untouched
  next="This try has created nothing: the next pulumi up begins from here."
fi
# Exit codes: openshift/installer, cmd/openshift-install/create.go up to 4.19, command/waitfor.go from 4.20 on, where they are the same: 3 to 8,
# and 1 for every other error. 143 is an interruption of 4.15, which handles no signal, 137 what the kernel does when memory runs out.
case "$status" in
  6 | 7)
    touch "$home/bootstrapped"
    say "The operators need longer; waiting once more"
    wait_for_cluster
    finish
    ;;
  3) fail "The installer does not accept the settings of the cluster; see the errors above. $next A setting that the cluster keeps is changed after pulumi state unprotect --all and pulumi destroy. Log: $log" ;;
  4) fail "AWS did not give what the cluster needs; see the errors above. $next Log: $log" ;;
  5) fail "The control plane did not start. The installer gathered its logs below $assets. $next Log: $log" ;;
  8 | 130 | 143) fail "The install was interrupted. $next Log: $log" ;;
  124) fail "The install did not end within 4 hours. $next Log: $log" ;;
  137) fail "The installer was killed, as when this machine runs out of memory. $next Log: $log" ;;
  *)
    ! bootstrap_was_over ||
      fail "The control plane has come up, but openshift-install ended with exit code $status before its bootstrap machine was gone. Run pulumi up again: it removes that machine and goes on. Log: $log"
    fail "openshift-install create cluster ended with exit code $status. $next Log: $log"
    ;;
esac

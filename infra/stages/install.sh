#!/usr/bin/env bash
# Creates the cluster, or goes on with one that an earlier try left. In: stdin of the assets stage, INFRA_ID, AWS_ACCOUNT_ID,
# CREATED_AT, DESTROY_MINUTES. Out: JSON, kubeconfig and password.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tools.sh
source "$stages/lib/tools.sh"
# shellcheck source-path=SCRIPTDIR source=lib/watch.sh
source "$stages/lib/watch.sh"
# shellcheck source-path=SCRIPTDIR source=lib/aws.sh
source "$stages/lib/aws.sh"

home="$work/${INFRA_ID:?}"
assets="$home/assets"
log="$home/install.log"
# shellcheck source-path=SCRIPTDIR source=lib/resume.sh
source "$stages/lib/resume.sh"
again="Run pulumi up again: it goes on with the cluster if that has come up, and removes it and starts anew if it surely has not."

wait_for_cluster() {
  local status=0
  watched "$log" 90 "$installer" wait-for install-complete --dir "$assets" --log-level=info || status=$?
  ((status == 0)) ||
    fail "The cluster runs, but its operators are not ready (exit code $status). Look at them with the kubeconfig in $assets/auth; pulumi up waits for them again. Log: $log"
}

finish() {
  local result
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

encoded=$(cat)
[[ -n "$encoded" ]] ||
  fail "The installer's directory is lost: it was on the machine where the cluster got its name, and did not reach the stack's state. Run pulumi state unprotect --all, pulumi destroy, then pulumi up."
ensure_tools
export OPENSHIFT_INSTALL_INVOKER=openshift-multiarch
# It would leave the bootstrap machine, open to the world by SSH, after an install that went well.
unset OPENSHIFT_INSTALL_PRESERVE_BOOTSTRAP
folder "$home"

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
# Exit codes: openshift/installer, cmd/openshift-install/create.go up to 4.19, command/waitfor.go from 4.20 on; 143 is an
# interruption of 4.15, which handles no signal.
case "$status" in
  0) finish ;;
  6 | 7)
    touch "$home/bootstrapped"
    say "The operators need longer; waiting once more"
    wait_for_cluster
    finish
    ;;
  4) fail "AWS did not give what the cluster needs; see the errors above. $again Log: $log" ;;
  5) fail "The control plane did not start. The installer gathered its logs below $assets. $again Log: $log" ;;
  8 | 130 | 143) fail "The install was interrupted. $again Log: $log" ;;
  124) fail "The install did not end within 4 hours. $again Log: $log" ;;
  *) fail "openshift-install create cluster ended with exit code $status. $again Log: $log" ;;
esac

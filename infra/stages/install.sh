#!/usr/bin/env bash
# Creates the cluster, or goes on with one that an earlier try left. In: stdin of the assets stage, INFRA_ID, AWS_ACCOUNT_ID,
# CREATED_AT, DESTROY_MINUTES. Out: JSON, kubeconfig and password.
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

home="$work/${INFRA_ID:?}"
assets="$home/assets"
log="$home/install.log"
again="Run pulumi up again: it removes what is there and starts anew."

ensure_tools
export OPENSHIFT_INSTALL_INVOKER=openshift-multiarch
mkdir -p "$home"
encoded=$(cat)
[[ -n "$encoded" ]] || fail "The installer's directory is lost, and no cluster was made with it: run pulumi destroy, then pulumi up."

# The API server answers, and bootstrap is over: what is left is waited for, not created.
bootstrapped() {
  [[ "$("$client" --kubeconfig "$assets/auth/kubeconfig" --request-timeout=10s get --namespace kube-system configmap bootstrap \
    -o 'jsonpath={.data.status}' 2>/dev/null)" == complete ]]
}

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

rm -rf "$assets"
mkdir "$assets"
printf '%s' "$encoded" | base64 -d | unpack "$assets"
if [[ -e "$home/untouched" ]]; then
  documents age
else
  say "An earlier install may have left something; looking for the cluster"
  if bootstrapped; then
    say "The cluster of the earlier install answers; going on with it"
    wait_for_cluster
    finish
  fi
  documents age
  say "Removing what the earlier install left"
  remove_cluster "$(cat "$assets/metadata.json")" "${AWS_ACCOUNT_ID:?}"
  [[ ! -e "$log" ]] || mv "$log" "$home/previous.log"
fi
rm -f "$home/untouched"

# Only later installers know the option; without it the log file, which nobody else can read, has the password at its end.
options=(--dir "$assets" --log-level=info)
if "$installer" create cluster --help 2>/dev/null | grep -q -- --skip-password-print; then options+=(--skip-password-print); fi
say "Creating the cluster; this takes about 40 minutes. Log: $log"
status=0
watched "$log" 240 "$installer" create cluster "${options[@]}" || status=$?
# Exit codes: openshift/installer, cmd/openshift-install/command/waitfor.go.
case "$status" in
  0) finish ;;
  6 | 7)
    say "The operators need longer; waiting once more"
    wait_for_cluster
    finish
    ;;
  4) fail "AWS did not give what the cluster needs; see the errors above. $again Log: $log" ;;
  5) fail "The control plane did not start. The installer gathered its logs below $assets. $again Log: $log" ;;
  8 | 130) fail "The install was interrupted. $again Log: $log" ;;
  124) fail "The install did not end within 4 hours. $again Log: $log" ;;
  *) fail "openshift-install create cluster ended with exit code $status. $again Log: $log" ;;
esac

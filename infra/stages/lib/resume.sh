# Going on with a cluster that an earlier install left; sourced by install.sh, after its variables.
# shellcheck shell=bash
# shellcheck disable=SC2154 # From install.sh and aws.sh.

force="to have what is there removed and the cluster made anew, run pulumi up once with OPENSHIFT_MULTIARCH_REMOVE_CLUSTER=$INFRA_ID in its environment"

# On this machine the installer has got beyond bootstrap; its log says so before it removes the bootstrap machine.
bootstrap_was_over() {
  [[ -e "$home/bootstrapped" ]] || grep -qs 'Destroying the bootstrap resources' "$log"
}

# Sets bootstrap to what the API server says of it in the end, and problem: "complete" at once; else after 5 minutes, 10 when it does not
# even refuse, "unfinished" or "unknown". The only API server of the cluster is away for more than a minute at each of its rollouts, and
# a bootstrap goes on without an installer.
ask_api_server() {
  local answer
  for attempt in {1..30}; do
    bootstrap=unknown
    if answer=$(limited 30 "$client" --kubeconfig "$assets/auth/kubeconfig" --request-timeout=10s get --namespace kube-system configmap bootstrap \
      -o 'jsonpath=status:{.data.status}' 2>"$home/error"); then
      case "$answer" in
        status:complete) bootstrap=complete && return ;;
        status:*) bootstrap=unfinished problem="bootstrap has not ended" ;;
        *) problem="the client says nothing" ;;
      esac
    else
      problem=$(tail -n 1 "$home/error")
      if [[ $problem == *'configmaps "bootstrap" not found'* ]]; then bootstrap=unfinished problem="bootstrap has not ended"; fi
    fi
    ((attempt % 6 != 1)) || say "Waiting for the cluster's API server: ${problem:-no answer}"
    sleep 10
  done
}

# Names, ids and states of the cluster's machines, the groups that let the world in by SSH, and its networks: see ../machines.ts.
look_in_aws() {
  check_owner "$(cat "$assets/metadata.json")" "${AWS_ACCOUNT_ID:?}"
  find_machines
}
find_machines() {
  machines=$(ask_aws "$(cat "$assets/metadata.json")" machines "$INFRA_ID") ||
    fail "Cannot ask AWS which machines the cluster has (see above), so nothing was created or removed. Run pulumi up again."
}

# Whether there is a cluster to go on with. No only on proof: its API server says so, or AWS has no machine that could be one.
worth_keeping() {
  # An order holds until it is carried out: a removal that failed leaves something that may still answer.
  if [[ "${OPENSHIFT_MULTIARCH_REMOVE_CLUSTER:-}" == "$INFRA_ID" ]]; then touch "$home/unwanted"; fi
  if [[ -e "$home/unwanted" ]]; then
    say "OPENSHIFT_MULTIARCH_REMOVE_CLUSTER was $INFRA_ID: what is there will be removed"
    return 1
  fi
  if bootstrap_was_over; then return 0; fi
  ask_api_server
  case "$bootstrap" in
    complete) return 0 ;;
    unfinished) return 1 ;;
  esac
  look_in_aws
  if grep -q "^machine $INFRA_ID-master-" <<<"$machines"; then
    fail "Cannot tell whether there is a cluster to go on with, so nothing was removed: its API server did not answer for minutes (${problem:-no reason given}), but AWS has its control-plane machine. See that port 6443 of api.$CLUSTER can be reached from here and run pulumi up again; or, $force."
  fi
  return 1
}

# wait-for install-complete leaves it running, with SSH open to the world and its ignition file, with all keys, in a bucket. The
# installer can remove it only from the directory in which it was made: etcd's data, from 4.16 on, Terraform's state before.
remove_bootstrap_machine() {
  local left status=0
  left=$(bootstrap_remains)
  [[ -n $left ]] || return 0
  if compgen -G "$assets/.clusterapi_output" >/dev/null || compgen -G "$assets/terraform*.tfstate" >/dev/null; then
    say "Removing the bootstrap machine"
    watched "$log" 30 "$installer" destroy bootstrap --dir "$assets" --log-level=info || status=$?
    left=$(bootstrap_remains)
    [[ -n $left ]] || return 0
    say "openshift-install destroy bootstrap ended with exit code $status"
  fi
  fail "The cluster has come up, but its bootstrap is not removed, which only the machine that made it can do (the folder $assets there): run pulumi up there. Or remove by hand: $left, and the bucket openshift-bootstrap-data-$INFRA_ID if there is one; then run pulumi up again. Or, $force."
}

bootstrap_remains() {
  look_in_aws
  sed -n -e "s/^machine \($INFRA_ID-bootstrap\) \([^ ]*\) .*/the instance \2 (\1)/p" \
    -e 's/^ssh \([^ ]*\) .*/the rule of the security group \1 that opens port 22 to 0.0.0.0\/0/p' <<<"$machines" | paste -sd ';' - | sed 's/;/, /g'
}

# What AWS is asked, and the removal of a cluster; sourced after tools.sh, watch.sh and logs.sh. SETTINGS is metadata.json or install-config.yaml
# as JSON: region and addresses of AWS are in both.
# shellcheck shell=bash
# shellcheck disable=SC2154 # From base.sh and tools.sh.

# SETTINGS PROGRAM [ARGUMENT]... The installer and the AWS CLI take a private authority from AWS_CA_BUNDLE, Node.js from a variable of its own.
ask_aws() {
  CLUSTER_SETTINGS=$1 NODE_EXTRA_CA_CERTS=${AWS_CA_BUNDLE:-${NODE_EXTRA_CA_CERTS:-}} NODE_NO_WARNINGS=1 \
    node --require tsx/cjs "$stages/$2.ts" "${@:3}"
}

# SETTINGS: sets account, arn, temporary and minutes (nothing if that is not known), of the credentials that the installer will use.
find_caller() {
  local answer
  answer=$(ask_aws "$1" account) ||
    fail "Cannot tell which AWS account the credentials belong to (see above), so nothing was created or removed. Check the credentials and try again."
  [[ $answer =~ ^\{\"account\":\"([0-9]+)\",\"arn\":\"([^\"]+)\",\"temporary\":(true|false)(,\"minutes\":(-?[0-9]+))?\}$ ]] ||
    fail "AWS did not say which account the credentials belong to, so nothing was created or removed."
  account=${BASH_REMATCH[1]} arn=${BASH_REMATCH[2]} temporary=${BASH_REMATCH[3]} minutes=${BASH_REMATCH[5]}
}

# SETTINGS ACCOUNT: the installer takes its credentials from the environment, whatever Pulumi's provider is configured with.
check_creator() {
  find_caller "$1"
  [[ $account == "$2" ]] ||
    fail "Pulumi works in the AWS account $2, but openshift-install would make the cluster in $account: its credentials, from the environment or the AWS configuration of this machine, are those of $arn. Nothing was created. Give it credentials of $2: by aws:profile in the stack, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
  if manual; then
    # ../../cloud-credentials.ts, sessionMinutes.
    [[ -z $minutes ]] || ((minutes >= 60)) ||
      say "Warning: the session of $arn ends in $minutes minutes, and an install takes up to 60. Unless its profile renews it by itself, the install ends with it; pulumi up with a new session then goes on."
    return 0
  fi
  # openshift/installer, pkg/asset/manifests/openshift.go: "not valid for default credentials mode", for any session token.
  [[ $temporary == false && $arn != *:assumed-role/* ]] ||
    fail "The credentials of $arn are temporary (they have a session token), and openshift-install gives its own to the cluster, which needs them for life. Nothing was created. Use the long-lived access key of an IAM user, or set cluster.credentialsMode to manual."
}

# SETTINGS ACCOUNT. With credentials of another account the installer finds nothing, says that all is well and deletes its files
# (openshift/installer issue 4428); and a question about machines finds none.
check_owner() {
  find_caller "$1"
  [[ $account == "$2" ]] ||
    fail "The cluster is in the AWS account $2, but the credentials are for $account ($arn). Nothing was deleted: use credentials of $2."
}

# METADATA ACCOUNT: removes every AWS object of the cluster but what ccoctl has made, and looks whether AWS has none of them any more.
remove_cluster() {
  local directory log infra_id status=0
  check_owner "$@"
  folder "$work"
  infra_id=$(documents metadata <<<"$1")
  begin_without_strays "$work/$infra_id/" "$work/destroy.$infra_id."
  directory=$(mktemp -d "$work/destroy.$infra_id.XXXXXX")
  log="$directory.log"
  printf '%s\n' "$1" >"$directory/metadata.json"
  watched "$log" "${DESTROY_MINUTES:?}" "$installer" destroy cluster --dir "$directory" --log-level=info || status=$?
  if ((status == 0)); then keep_log destroy "$directory" "$log"; else keep_log destroy "$directory" "$log" failed; fi
  case "$status" in
    0) ;;
    124)
      if find_leftovers "$1" "$infra_id" installer; then name_leftovers; fi
      fail "The cluster was not gone after $DESTROY_MINUTES minutes (cluster.destroyMinutes). The last thing that the installer waits for: $(milestones_of "$log" 3) - delete it by hand if it is not the cluster's own, then run pulumi destroy again. Log: $log"
      ;;
    *) fail "openshift-install destroy cluster ended with exit code $status. Run pulumi destroy again. Log: $log" ;;
  esac
  check_leftovers "$1" "$infra_id" installer
  # What removals that failed have left is of no use any more.
  rm -rf "$work"/destroy.*
}

# METADATA INFRA_ID: removes what ccoctl has made. It ends well whatever goes wrong (openshift/cloud-credential-operator,
# pkg/cmd/provisioning/aws/delete.go), so AWS is asked.
remove_credentials() {
  local log="$work/ccoctl.log"
  folder "$work"
  say "Removing the IAM roles, the identity provider and the bucket of $2"
  limited 900 "$ccoctl" aws delete --name "$2" --region "$(documents region <<<"$1")" >"$log" 2>&1 </dev/null ||
    fail "ccoctl aws delete ended with an error: $(tail -n 1 "$log"). Run the same command again. Log: $log"
  check_leftovers "$1" "$2" all
  rm -f "$log"
}

# METADATA INFRA_ID installer|all: sets leftovers, a line for each object that AWS still has of the cluster: see ../leftovers.ts.
find_leftovers() { leftovers=$(ask_aws "$1" leftovers "$2" "$3"); }
name_leftovers() {
  local line
  while read -r line; do [[ -z $line ]] || say "Left in AWS: $line"; done <<<"$leftovers"
}

# METADATA INFRA_ID installer|all. The installer says that all is well when it finds nothing, whatever the reason. What it has deleted takes minutes
# to go: NAT gateways, interfaces.
check_leftovers() {
  local pause count
  for pause in 5 10 20 40 60 60 60 0; do
    find_leftovers "$1" "$2" "$3" || fail "Cannot ask AWS whether anything of $2 is left (see above). Run the same command again."
    [[ -n $leftovers ]] || return 0
    ((pause == 0)) || say "Waiting until all of $2 is gone in AWS; there are still: $(cut -d: -f1 <<<"$leftovers" | paste -sd, - | sed 's/,/, /g')"
    sleep "$pause"
  done
  name_leftovers
  count=$(wc -l <<<"$leftovers" | tr -d ' ')
  [[ $3 == installer ]] ||
    fail "ccoctl has ended well, but AWS still has $count objects of $2 (see above). Run the same command again; what stays, remove by the commands that are named, in their order, and then run it again."
  fail "openshift-install says that the cluster is removed, but AWS still has $count objects of $2 (see above). Run pulumi destroy again; what stays, remove by the commands that are named, in their order, and then run it again."
}

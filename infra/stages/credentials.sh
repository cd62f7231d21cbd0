#!/usr/bin/env bash
# In the place of the assets stage where cluster.credentialsMode is manual: ccoctl makes the cluster's IAM roles, their identity provider
# and its bucket, and what it writes comes among the installer's manifests. Runs after the guard, whose deletion removes them. In:
# INFRA_ID, AWS_ACCOUNT_ID, CLUSTER_SETTINGS. Out: as assets.sh.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tools.sh
source "$stages/lib/tools.sh"
# shellcheck source-path=SCRIPTDIR source=lib/watch.sh
source "$stages/lib/watch.sh"
# shellcheck source-path=SCRIPTDIR source=lib/aws.sh
source "$stages/lib/aws.sh"

home="$work/${INFRA_ID:?}"
if [[ ! -d "$home/manifests" && ! -e "$home/assets.tar.br" ]]; then
  # After an install the directory is given up. Before it nothing could go on from an empty one, so none is handed on.
  check_owner "${CLUSTER_SETTINGS:?}" "${AWS_ACCOUNT_ID:?}"
  machines=$(ask_aws "$CLUSTER_SETTINGS" machines "$INFRA_ID") || fail "Cannot ask AWS which machines $INFRA_ID has (see above). Run pulumi up again."
  [[ $machines == *"machine $INFRA_ID-master-"* ]] ||
    fail "The manifests of $INFRA_ID are on the machine where the cluster got its name, and nothing of it is in AWS but what ccoctl may have made: run pulumi up there; or here pulumi state unprotect --all, pulumi destroy, then pulumi up."
fi
# Done before, or installed: assets.sh says it.
[[ -d "$home/manifests" && ! -e "$home/assets.tar.br" ]] || exec bash "$stages/assets.sh"
log="$home/credentials.log"
metadata=$(cat "$home/assets/metadata.json")
check_creator "$metadata" "${AWS_ACCOUNT_ID:?}"
ensure_tools
again="Run pulumi up again on this machine; on another one, as CI's are, pulumi state unprotect --all, pulumi destroy, then pulumi up."

# A bucket that is there it takes as it is, without the policy and the tags that a try which was killed did not come to
# (openshift/cloud-credential-operator, pkg/cmd/provisioning/aws/create_identity_provider.go, createOIDCEndpoint).
if [[ -e "$home/ccoctl" ]]; then
  say "An earlier try may have left half of it"
  remove_credentials "$metadata" "$INFRA_ID"
  rm -rf "$home/ccoctl"
fi
mkdir "$home/ccoctl"
say "Making the cluster's IAM roles, their identity provider and its bucket"
limited 900 "$ccoctl" aws create-all --name "$INFRA_ID" --region "$(documents region <<<"$metadata")" \
  --credentials-requests-dir "$home/requests" --output-dir "$home/ccoctl" >"$log" 2>&1 </dev/null ||
  fail "ccoctl aws create-all ended with an error: $(tail -n 1 "$log"). $again Log: $log"
documents efs-role "$home/identity.json" "$home/ccoctl/manifests"

# The installer swallows its input: each try has a copy.
rm -rf "$home/new"
cp -a "$home/manifests" "$home/new"
mkdir -p "$home/new/manifests" "$home/new/tls"
cp "$home"/ccoctl/manifests/* "$home/new/manifests"
# This one the cloud credential operator makes, of the role that the operator's Subscription names.
rm "$home/new/manifests/$(documents efs-secret)"
cp "$home"/ccoctl/tls/* "$home/new/tls"
say "Writing certificates and ignition files with them"
status=0
watched "$log" 10 "$installer" create ignition-configs --dir "$home/new" --log-level=info || status=$?
((status == 0)) || fail "openshift-install create ignition-configs ended with exit code $status; see the errors above. $again Log: $log"
[[ $(documents metadata <"$home/new/metadata.json") == "$INFRA_ID" ]] ||
  fail "openshift-install has given the cluster another name than $INFRA_ID. Run pulumi destroy, then pulumi up."
rm -f "$home/new/.openshift_install.log"
rm -rf "$home/assets"
mv "$home/new" "$home/assets"
pack "$home/assets" >"$home/assets.tar.br.new"
mv "$home/assets.tar.br.new" "$home/assets.tar.br"
rm -f "$log"
exec bash "$stages/assets.sh"

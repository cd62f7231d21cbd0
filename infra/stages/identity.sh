#!/usr/bin/env bash
# Names the cluster and makes its certificates and manifests; nothing is created in AWS. In: INSTALL_CONFIG, PULL_SECRET,
# AWS_ACCOUNT_ID, CREDENTIALS_MODE. Out: JSON, see ../identity.ts.
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

explain() {
  PULL_SECRET=$secret keep_log identity "$new/assets" "$log" failed
  case "$1" in
    3) fail "The installer does not accept the settings of the cluster; see the errors above. Nothing was created. Log: $log" ;;
    124) fail "openshift-install $2 did not end in time. An aws:region that does not exist makes it wait without end. Log: $log" ;;
    *) fail "openshift-install $2 ended with exit code $1; see the errors above. Nothing was created. Log: $log" ;;
  esac
}

folder "$work"
begin_without_strays "$work/new."
# What a killed try left. An identity with which no install was tried is one that Pulumi does not know, or it would not ask for another.
rm -rf "$work"/new.*
for mark in "$work"/*/untouched; do [[ ! -e $mark ]] || rm -rf "$(dirname "$mark")"; done

check_creator "${INSTALL_CONFIG:?}" "${AWS_ACCOUNT_ID:?}"
ensure_tools
new=$(mktemp -d "$work/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
log="$work/identity.log"
rm -f "$log"
mkdir "$new/assets"
export OPENSHIFT_INSTALL_INVOKER=openshift-multiarch

# The installer swallows its input, and after an error leaves half of its output: each try has a directory of its own.
say "Reading what AWS offers, writing manifests"
documents install-config >"$new/assets/install-config.yaml"
if manual; then printf '%s' "$PULL_SECRET" >"$new/pull-secret.json"; fi
# It has it in the file, and starts programs of its own.
secret=$PULL_SECRET
unset PULL_SECRET
watched "$log" 10 "$installer" create manifests --dir "$new/assets" --log-level=info || explain $? "create manifests"
documents template "$new/assets" >"$new/template.json"
if manual; then
  # The credentials stage adds to it what ccoctl makes, which is for AWS and has the name that is made here.
  cp -a "$new/assets" "$new/manifests"
  release=$(installer_report "$installer" | sed -n 's/^release image //p')
  say "Reading which credentials the release asks for"
  mkdir "$new/requests"
  printf '%s' "${INSTALL_CONFIG:?}" >"$new/install-config.json"
  # Of a release for several architectures all have the same; the control plane is amd64.
  limited 600 "$client" adm release extract --credentials-requests --included --install-config "$new/install-config.json" \
    --filter-by-os linux/amd64 --registry-config "$new/pull-secret.json" --to "$new/requests" "$release" >>"$log" 2>&1 </dev/null ||
    fail "oc cannot read the release $release: $(tail -n 1 "$log"). Its registry must be reachable from here. Nothing was created. Log: $log"
  rm "$new/pull-secret.json" "$new/install-config.json"
  compgen -G "$new/requests/*.yaml" >/dev/null || fail "The release $release asks for no credentials on AWS. Nothing was created. Log: $log"
  documents efs-request >"$new/requests/aws-efs-csi-driver-operator.yaml"
fi
say "Writing certificates and ignition files"
limited 120 "$installer" coreos print-stream-json >"$new/stream.json" 2>>"$log" || explain $? "coreos print-stream-json"
watched "$log" 10 "$installer" create ignition-configs --dir "$new/assets" --log-level=info || explain $? "create ignition-configs"
rm -f "$new/assets/.openshift_install.log" "$log"
documents identity "$new/assets" "$new/template.json" "$new/stream.json" >"$new/identity.json"

# For the next two stages: the directory, and a mark that no install has been tried with it.
infra_id=$(documents infra-id <"$new/identity.json")
manual || pack "$new/assets" >"$new/assets.tar.br"
touch "$new/untouched"
mv "$new" "$work/$infra_id"
say "The cluster's AWS objects will be called $infra_id-..."
cat "$work/$infra_id/identity.json"

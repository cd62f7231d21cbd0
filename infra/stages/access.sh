#!/usr/bin/env bash
# How to reach the cluster, as soon as its API server is steady. In: stdin of the install stage. Out: JSON, see `Access` in
# ../openshift-cluster.ts.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tools.sh
source "$stages/lib/tools.sh"

ensure_tools
folder "$work"
# The administrator's kubeconfig, of a try that was killed.
rm -rf "$work"/access.*
directory=$(mktemp -d "$work/access.XXXXXX")
trap 'rm -rf "$directory"' EXIT
installed=$(cat)
documents kubeconfig <<<"$installed" >"$directory/kubeconfig"

# The API server restarts for some minutes after an install. Pulumi's Kubernetes provider asks only once whether it answers.
kubernetes() { limited 30 "$client" --kubeconfig "$directory/kubeconfig" --request-timeout=10s "$@"; }
steady=0
deadline=$((SECONDS + 900))
until ((steady == 3)); do
  if kubernetes get --raw /readyz >/dev/null 2>"$directory/error"; then
    steady=$((steady + 1))
    ((steady == 3)) || sleep 0.5
  else
    steady=0
    problem=$(tail -n 1 "$directory/error")
    ((SECONDS < deadline)) || fail "The cluster's API server does not answer: ${problem:-no reason given}. Port 6443 of api.$CLUSTER must be reachable from here. Run pulumi up again."
    say "Waiting for the API server: ${problem:-no answer}"
    sleep 5
  fi
done
kubernetes get --raw /apis/route.openshift.io/v1/namespaces/openshift-console/routes/console >"$directory/route.json" 2>/dev/null ||
  rm -f "$directory/route.json"
documents access "$directory/route.json" <<<"$installed"

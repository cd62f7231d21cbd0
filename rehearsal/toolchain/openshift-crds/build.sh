#!/usr/bin/env bash
# The CRDs that a new OpenShift cluster has, one file each, in share/cluster. Only those that the rehearsal uses, as each costs the API
# server memory. Nothing is compiled. In: OUT.
set -euo pipefail

# Where a module lies after its download, which is checked against go.sum. What went wrong is in the answer, too.
folder() {
  local answer
  answer=$(GOFLAGS=-mod=mod go mod download -json "$1") || { printf '%s\n' "$answer" >&2; return 1; }
  sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p' <<<"$answer"
}

# take FOLDER TARGET CRD...: finds each CRD's file among the folder's. Files of other feature sets than Default and of hosted
# control planes say so in their names.
take() {
  local from=$1 to=$2 crd files
  shift 2
  mkdir -p "$to"
  for crd in "$@"; do
    files=$(grep -lx "  name: $crd" "$from"/*.yaml | grep -Ev -- '-((Custom|DevPreview|TechPreview)NoUpgrade|OKD|Hypershift[^/]*)\.crd\.yaml$' || true)
    [ -f "$files" ] || { printf '%s: not one file in %s: %s\n' "$crd" "$from" "$files" >&2; exit 1; }
    install -m 644 "$files" "$to/$crd.yaml"
  done
}

cluster=$OUT/share/cluster
openshift=$(folder github.com/openshift/api)
manifests=zz_generated.crd-manifests
take "$openshift/config/v1/$manifests" "$cluster" \
  {apiservers,authentications,clusteroperators,clusterversions,dnses,featuregates,imagedigestmirrorsets,images,imagetagmirrorsets}.config.openshift.io \
  {infrastructures,ingresses,networks,operatorhubs,projects,proxies,schedulers}.config.openshift.io
take "$openshift/operator/v1/$manifests" "$cluster" {clustercsidrivers,etcds,ingresscontrollers,storages}.operator.openshift.io
take "$openshift/console/v1/$manifests" "$cluster" \
  {consoleclidownloads,consolelinks,consoleplugins,consolequickstarts,consoleyamlsamples}.console.openshift.io
take "$openshift/imageregistry/v1/$manifests" "$cluster" configs.imageregistry.operator.openshift.io
take "$openshift/machine/v1beta1/$manifests" "$cluster" {machines,machinesets,machinehealthchecks}.machine.openshift.io
take "$openshift/machineconfiguration/v1/$manifests" "$cluster" {machineconfigs,machineconfigpools}.machineconfiguration.openshift.io
take "$openshift/route/v1/$manifests" "$cluster" routes.route.openshift.io
take "$openshift/security/v1/$manifests" "$cluster" securitycontextconstraints.security.openshift.io
take "$openshift/securityinternal/v1/$manifests" "$cluster" rangeallocations.security.internal.openshift.io
take "$(folder github.com/openshift/cluster-autoscaler-operator)/install" "$cluster" \
  {clusterautoscalers,machineautoscalers}.autoscaling.openshift.io
take "$(folder github.com/operator-framework/api)/crds" "$cluster" \
  {catalogsources,clusterserviceversions,installplans,olmconfigs,operatorconditions,operatorgroups,operators,subscriptions}.operators.coreos.com
take "$(folder github.com/prometheus-operator/prometheus-operator)/example/prometheus-operator-crd" "$cluster" \
  servicemonitors.monitoring.coreos.com

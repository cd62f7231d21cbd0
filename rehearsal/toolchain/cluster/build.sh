#!/usr/bin/env bash
# All that runs in the cluster, from one graph of modules, so that what they share is compiled once: etcd, the Kubernetes control
# plane, kubelet, kube-proxy and kubectl as one program, named by links; the machine API; CoreDNS; the Operator Lifecycle
# Manager with its catalog's server; the Tekton operator for OpenShift, and what it installs: Tekton Pipelines and Triggers with the
# manifests of their releases (CRDs, webhooks, RBAC, Deployments). In: OUT.
set -euo pipefail
olm=github.com/operator-framework/operator-lifecycle-manager
operator=github.com/tektoncd/operator
pipeline=github.com/tektoncd/pipeline
triggers=github.com/tektoncd/triggers
code=github.com/openshift-pipelines/pipelines-as-code
version() { go list -m -f '{{.Version}}' "$1"; }

kubernetes=$(version k8s.io/kubernetes)
minor=${kubernetes#v1.} minor=${minor%%.*}
# build PREFIX PACKAGE...: programs with their packages' last names, after a prefix that tells those of two projects apart. The tags
# are for opm, which would need C libraries otherwise.
build() {
  local prefix=$1 program
  shift
  go build -trimpath -tags "containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_devicemapper" -ldflags "-s -w \
    -X k8s.io/component-base/version.gitVersion=$kubernetes -X k8s.io/component-base/version.gitMajor=1 \
    -X k8s.io/component-base/version.gitMinor=$minor -X k8s.io/component-base/version.gitTreeState=clean \
    -X k8s.io/component-base/version.gitCommit=module -X k8s.io/component-base/version.buildDate=1970-01-01T00:00:00Z \
    -X k8s.io/client-go/pkg/version.gitVersion=$kubernetes \
    -X $olm/pkg/version.OLMVersion=$(version $olm)" -o "$OUT/one/" "$@"
  for program in "$OUT"/one/*; do [ ! -e "$program" ] || mv "$program" "$OUT/bin/$prefix${program##*/}"; done
}
mkdir "$OUT/one"
build "" ./kubernetes ./machine-api ./coredns ./tkn \
  $pipeline/cmd/{controller,webhook,entrypoint,nop,workingdirinit,sidecarlogresults,events,resolvers} \
  $olm/cmd/{olm,catalog,package-server,copy-content} $olm/util/cpb \
  github.com/operator-framework/operator-registry/cmd/opm github.com/grpc-ecosystem/grpc-health-probe
build operator- $operator/cmd/openshift/{operator,webhook,proxy-webhook}
build triggers- $triggers/cmd/{controller,webhook,interceptors,eventlistenersink}
rmdir "$OUT/one"
# With -n among Go's flags nothing was built: modules were all that was asked for.
[ -e "$OUT/bin/kubernetes" ] || exit 0
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl oc cluster-policy-controller; do
  ln -sfn kubernetes "$OUT/bin/$name"
done

folder() { go list -m -f '{{.Dir}}' "$1"; }

# The operator's data as its releases have them (hack/fetch-releases.sh of its repository).
data=$OUT/share/operator/kodata
mkdir -p "$OUT/share/operator"
cp -r "$(folder $operator)/cmd/openshift/operator/kodata" "$data"
cp -r "$(folder $operator)/cmd/openshift/webhook/kodata" "$OUT/share/operator/webhook-kodata"
chmod -R u+w "$OUT/share"
# release FOLDER TO VERSION FILE [FIND'S OPTIONS]: the manifests below FOLDER, as one file.
release() {
  local from=$1 to=$data/$2/${3#v} version=$3 name=$4 file
  shift 4
  mkdir -p "$to"
  # Files in the order of their names, as ko joins them; not all of them end their last line.
  find "$from" -name '*.yaml' "$@" | LC_ALL=C sort | while read -r file; do
    printf '\n---\n'
    sed "s/\(version\|release\): \"devel\"/\1: \"$version\"/" "$file"
  done >"$to/$name.yaml"
}
release "$(folder $pipeline)/config" tekton-pipeline "$(version $pipeline)" 00-pipelines
cp "$data"/openshift/pipelines-rbac/* "$data/tekton-pipeline/$(version $pipeline | tr -d v)/"
cp -r "$data/openshift/00-prereconcile" "$data/tekton-pipeline/"
release "$(folder $triggers)/config" tekton-trigger "$(version $triggers)" 00-triggers
cp "$data"/openshift/triggers-rbac/* "$data/tekton-trigger/$(version $triggers | tr -d v)/"
cp -r "$(folder $operator)/config/pruner" "$data/tekton-pruner"
# Pipelines as Code without its programs: the operator waits for its Route.
release "$(folder $code)/config" pipelines-as-code "$(version $code)" release ! -name '[456]00-*'
# Components that the rehearsal goes without have a release that is empty; without any the operator ends itself.
while read -r to component; do
  release=$(sed -n "/^$component:/,/version:/s/.*version: v//p" "$(folder $operator)/components.yaml")
  mkdir -p "$data/$to/${release:?"of $component: not in the operator's components.yaml"}"
done <<'END'
tekton-chains chains
tekton-results results
manual-approval-gate manual-approval-gate
pruner pruner
tekton-scheduler scheduler
tekton-multicluster-proxy-aae multicluster-proxy-aae
syncer-service syncer-service
END

"$OUT/bin/kubectl" kustomize "$(folder $operator)/config/openshift/overlays/default" >"$OUT/share/operator/operator.yaml"
for module in $operator $olm; do printf '%s %s\n' "${module##*/}" "$(version "$module")"; done >"$OUT/share/versions"

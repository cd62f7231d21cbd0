#!/usr/bin/env bash
# All that runs in the cluster, from one graph of modules, so that what they share is compiled once: etcd, the Kubernetes control
# plane, kubelet, kube-proxy and kubectl as one program, named by links; the machine API; CoreDNS; Tekton Pipelines' programs, and the
# manifests of its release (CRDs, webhooks, RBAC, Deployments). In: OUT.
set -euo pipefail
tekton=github.com/tektoncd/pipeline
version() { go list -m -f '{{.Version}}' "$1"; }

version=$(version k8s.io/kubernetes)
minor=${version#v1.} minor=${minor%%.*}
go build -trimpath -ldflags "-s -w \
  -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=1 \
  -X k8s.io/component-base/version.gitMinor=$minor -X k8s.io/component-base/version.gitTreeState=clean \
  -X k8s.io/component-base/version.gitCommit=module -X k8s.io/component-base/version.buildDate=1970-01-01T00:00:00Z \
  -X k8s.io/client-go/pkg/version.gitVersion=$version" -o "$OUT/bin/" \
  ./kubernetes ./machine-api ./coredns $tekton/cmd/{controller,webhook,entrypoint,nop,workingdirinit,sidecarlogresults}
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl oc cluster-policy-controller; do
  ln -sfn kubernetes "$OUT/bin/$name"
done

mkdir -p "$OUT/share/tekton"
cp -r "$(go list -m -f '{{.Dir}}' $tekton)/config" "$OUT/share/tekton/config"
chmod -R u+w "$OUT/share"
version $tekton >"$OUT/share/tekton/version"

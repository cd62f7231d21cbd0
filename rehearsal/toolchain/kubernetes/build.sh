#!/usr/bin/env bash
# etcd, the Kubernetes control plane, kubelet, kube-proxy and kubectl as one program, named by links. In: OUT.
set -euo pipefail
version=$(go list -mod=mod -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${version#v1.} minor=${minor%%.*}
go build -mod=mod -trimpath -ldflags "-s -w \
  -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=1 \
  -X k8s.io/component-base/version.gitMinor=$minor -X k8s.io/component-base/version.gitTreeState=clean \
  -X k8s.io/component-base/version.gitCommit=module -X k8s.io/component-base/version.buildDate=1970-01-01T00:00:00Z \
  -X k8s.io/client-go/pkg/version.gitVersion=$version" -o "$OUT/bin/kubernetes" .
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl oc; do
  ln -sfn kubernetes "$OUT/bin/$name"
done

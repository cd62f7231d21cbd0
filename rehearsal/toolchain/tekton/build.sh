#!/usr/bin/env bash
# Tekton Pipelines: its programs, and the manifests of its release (CRDs, webhooks, RBAC, Deployments). In: OUT.
set -euo pipefail
module=github.com/tektoncd/pipeline
go build -mod=mod -trimpath -ldflags "-s -w" -o "$OUT/bin/" \
  $module/cmd/{controller,webhook,entrypoint,nop,workingdirinit,sidecarlogresults}
mkdir -p "$OUT/share"
cp -r "$(go list -mod=mod -m -f '{{.Dir}}' $module)/config" "$OUT/share/config"
chmod -R u+w "$OUT/share"
go list -mod=mod -m -f '{{.Version}}' $module >"$OUT/share/version"

#!/usr/bin/env bash
# The product's own openshift-install, from its Go module, and the data files that it reads. In: OUT.
set -euo pipefail
module=github.com/openshift/installer
go build -mod=mod -trimpath -ldflags "-s -w -X $module/pkg/version.Raw=4.19.0 -X $module/pkg/version.Commit=module" \
  -o "$OUT/bin/openshift-install" $module/cmd/openshift-install
mkdir -p "$OUT/share"
cp -r "$(go list -mod=mod -m -f '{{.Dir}}' $module)/data/data" "$OUT/share/data"
chmod -R u+w "$OUT/share"

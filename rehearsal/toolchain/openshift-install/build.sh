#!/usr/bin/env bash
# The product's own openshift-install, from its Go module, and the data files that it reads. In: OUT.
# Its main package is taken as it is but for the destroyers and log gatherers of other clouds than AWS, which bring in a quarter of the code.
set -euo pipefail
module=github.com/openshift/installer
go mod download "$module"
source=$(go list -mod=mod -m -f '{{.Dir}}' "$module")
mkdir main
cp "$source"/cmd/openshift-install/*.go main
chmod -R u+w main
rm main/*_test.go
sed -i -E '/^\t_ ".*\/pkg\/(destroy|gather)\//{/\/aws"$/!d}' main/destroy.go main/gather.go
# Compiled without inlining, but for the standard library: that is quicker, and the program runs for seconds only.
go build -mod=mod -trimpath -gcflags "all=-dwarf=false -l" -gcflags std=-dwarf=false \
  -ldflags "-s -w -X $module/pkg/version.Raw=4.19.0 -X $module/pkg/version.Commit=module" \
  -o "$OUT/bin/openshift-install" ./main
mkdir -p "$OUT/share"
cp -r "$source/data/data" "$OUT/share/data"
chmod -R u+w "$OUT/share"

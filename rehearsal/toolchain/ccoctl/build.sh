#!/usr/bin/env bash
# The product's own ccoctl, from its Go module. In: OUT.
# Its main package is taken as it is but for the subcommands of other clouds than AWS.
set -euo pipefail
module=github.com/openshift/cloud-credential-operator
go mod download "$module"
source=$(go list -mod=mod -m -f '{{.Dir}}' "$module")
mkdir main
cp "$source/cmd/ccoctl/main.go" main
chmod -R u+w main
sed -i -E '/pkg\/cmd\/provisioning\//{/\/aws"$/!d};/AddCommand/{/aws\.NewAWSCmd/!d}' main/main.go
go build -mod=mod -trimpath -gcflags "all=-dwarf=false -l" -gcflags std=-dwarf=false -ldflags "-s -w" -o "$OUT/bin/ccoctl" ./main

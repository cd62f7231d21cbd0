#!/usr/bin/env bash
# The Pulumi command line, from its Go module. In: OUT (folder for the result).
set -euo pipefail
version=$(go list -mod=mod -m -f '{{.Version}}' github.com/pulumi/pulumi/sdk/v3)
# Without inlining, as that is quicker to build: what a stack on the local disk hardly runs (clients of clouds, syntax colours, ...).
inlining=()
for module in github.com/{aws,Azure,envoyproxy,alecthomas,pb33f,ccojocar} cloud.google.com gocloud.dev google.golang.org/{api,genproto}; do
  inlining+=(-gcflags "$module/...=-dwarf=false -l")
done
go build -mod=mod -trimpath "${inlining[@]}" -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
  -o "$OUT/bin/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi

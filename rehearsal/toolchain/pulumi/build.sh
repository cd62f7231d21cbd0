#!/usr/bin/env bash
# The Pulumi command line, from its Go module. In: OUT (folder for the result).
set -euo pipefail
version=$(go list -mod=mod -m -f '{{.Version}}' github.com/pulumi/pulumi/sdk/v3)
# A third of it are the clients of clouds, for state and secrets that are kept there. Without inlining they are built in two thirds of the time.
inlining=()
for module in github.com/{aws,Azure,envoyproxy,alecthomas,pb33f,ccojocar} cloud.google.com gocloud.dev google.golang.org/{api,genproto}; do
  inlining+=(-gcflags "$module/...=-dwarf=false -l")
done
go build -mod=mod -trimpath "${inlining[@]}" -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
  -o "$OUT/bin/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi

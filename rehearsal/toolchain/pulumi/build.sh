#!/usr/bin/env bash
# The Pulumi command line, from its Go module. In: OUT (folder for the result).
set -euo pipefail
version=$(go list -mod=mod -m -f '{{.Version}}' github.com/pulumi/pulumi/sdk/v3)
go build -mod=mod -trimpath -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
  -o "$OUT/bin/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi

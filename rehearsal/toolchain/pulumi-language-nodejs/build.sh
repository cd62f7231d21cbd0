#!/usr/bin/env bash
# Pulumi's language host for Node.js. From v3.69.0 on it is a module of its own that the Go module proxy does not serve. In: OUT.
set -euo pipefail
version=$(go list -mod=mod -m -f '{{.Version}}' github.com/pulumi/pulumi/sdk/v3)
go build -mod=mod -trimpath -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
  -o "$OUT/bin/pulumi-language-nodejs" github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs

#!/usr/bin/env bash
# Pulumi's language host for Node.js. From v3.69.0 on it is a module of its own that the Go module proxy does not serve. In: OUT.
set -euo pipefail
sdk=github.com/pulumi/pulumi/sdk/v3
version=$(go list -mod=mod -m -f '{{.Version}}' "$sdk")
go mod download "$sdk"
source=$(go list -mod=mod -m -f '{{.Dir}}' "$sdk")/nodejs/cmd/pulumi-language-nodejs

# It stands between program and engine, and refuses calls that are younger than it; pass_on.go hands them on.
cp "$source"/{main,proxy,proxy_unix}.go .
chmod u+w ./*.go
options='rpcutil.OpenTracingServerInterceptorOptions(tracingSpan)'
sed -i "/Options: $options,/s/$options/append(&, passOn(conn))/" main.go
grep -q 'passOn(conn)' main.go
go build -mod=mod -trimpath -ldflags "-s -w -X $sdk/go/common/version.Version=$version" -o "$OUT/bin/pulumi-language-nodejs" .

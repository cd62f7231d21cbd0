#!/usr/bin/env bash
# syft, the one program of the image that lists what is in images. Its version is what it writes into each document. In: OUT.
set -euo pipefail
module=github.com/anchore/syft
version=$(go list -mod=mod -m -f '{{.Version}}' "$module")
go build -mod=mod -trimpath -ldflags "-s -w -X main.version=${version#v}" -o "$OUT/bin/syft" "$module/cmd/syft"

#!/usr/bin/env bash
# The program that holds a pod's namespaces, for both architectures. In: OUT.
set -euo pipefail
for architecture in amd64 arm64; do
  GOARCH=$architecture go build -trimpath -ldflags "-s -w" -o "$OUT/bin/pause-$architecture" .
done

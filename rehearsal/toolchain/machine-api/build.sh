#!/usr/bin/env bash
# The product's machine-api webhooks and controllers with an actuator that asks another program. In: OUT.
set -euo pipefail
go build -mod=mod -trimpath -ldflags "-s -w" -o "$OUT/bin/machine-api" .

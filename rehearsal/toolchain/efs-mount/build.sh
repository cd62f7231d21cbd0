#!/usr/bin/env bash
# mount.efs of the rehearsal, and the `mount` that finds it without a file in the machine's /sbin. In: OUT.
set -euo pipefail
go build -mod=mod -trimpath -ldflags "-s -w" -o "$OUT/bin/mount.efs" .

#!/usr/bin/env bash
# buildah of the version that Red Hat's image has, with the parts that its package is built with (rpm/buildah.spec): seccomp profiles
# and the system's SQLite. Linked statically, so that it runs in any image and on the machine itself. In: OUT.
set -euo pipefail
# C is what enters a user namespace (go.podman.io/storage/pkg/unshare): without it, buildah works for root with all rights only.
export CGO_ENABLED=1
# Signatures are read in Go (containers_image_openpgp), as accounts and host names are: glibc cannot look these up in a static program.
go build -mod=mod -trimpath -tags "seccomp libsqlite3 exclude_graphdriver_btrfs containers_image_openpgp netgo osusergo" \
  -ldflags "-s -w -linkmode external -extldflags '-static -lm'" -o "$OUT/bin/buildah" github.com/containers/buildah/cmd/buildah

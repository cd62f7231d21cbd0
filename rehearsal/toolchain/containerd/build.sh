#!/usr/bin/env bash
# containerd for the arm64 node: the module's own, but the platform it calls its own comes from CONTAINERD_ARCH instead of
# the architecture it was compiled for, so that an index resolves to its arm64 member by tag and by digest. In: OUT.
set -euo pipefail
go mod edit -dropreplace github.com/containerd/platforms
go mod download github.com/containerd/platforms
cp -r "$(go list -mod=mod -m -f '{{.Dir}}' github.com/containerd/platforms)" platforms
chmod -R u+w platforms
sed -i -e 's/runtime\.GOARCH/architecture()/' platforms/defaults_unix.go
cat >platforms/architecture.go <<'GO'
package platforms

import (
	"os"
	"runtime"
)

func architecture() string {
	if name := os.Getenv("CONTAINERD_ARCH"); name != "" {
		return name
	}
	return runtime.GOARCH
}
GO
gofmt -l platforms >/dev/null
go mod edit -replace github.com/containerd/platforms=./platforms
go build -mod=mod -trimpath -tags "no_btrfs no_devmapper no_zfs" -ldflags "-s -w" -o "$OUT/bin/" \
  github.com/containerd/containerd/v2/cmd/containerd github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2

#!/usr/bin/env bash
# The EFS CSI driver and the provisioner that stands beside its controller. In: OUT.
set -euo pipefail
module=github.com/kubernetes-sigs/aws-efs-csi-driver
# The last version that the module proxy has was written for an older CSI: later ones ask a server to say that it lacks what came since.
go mod download "$module"
cp -r "$(go list -mod=mod -m -f '{{.Dir}}' "$module")" driver
chmod -R u+w driver
sed -i 's/^type Driver struct {/&\n\tcsi.UnimplementedIdentityServer\n\tcsi.UnimplementedNodeServer\n\tcsi.UnimplementedControllerServer/' driver/pkg/driver/driver.go
go mod edit -replace "$module=./driver"
go build -mod=mod -trimpath -ldflags "-s -w" -o "$OUT/bin/efs-csi-driver" .
go build -mod=mod -trimpath -ldflags "-s -w" -o "$OUT/bin/csi-provisioner" github.com/kubernetes-csi/external-provisioner/v5/cmd/csi-provisioner

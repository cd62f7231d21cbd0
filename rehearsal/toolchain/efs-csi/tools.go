//go:build tools

package main

import _ "github.com/kubernetes-csi/external-provisioner/v5/cmd/csi-provisioner"

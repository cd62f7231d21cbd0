// The Kubernetes provider of Pulumi as a plugin: its own Serve function with the two embedded documents that it expects.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

// Written by build.sh from the module's own files.
var (
	//go:embed schema-embed.json
	schema []byte
	//go:embed terraform-mapping-embed.json
	terraformMapping []byte
)

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}

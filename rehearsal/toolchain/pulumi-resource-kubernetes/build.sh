#!/usr/bin/env bash
# The Kubernetes provider of Pulumi, release 4.25.0, from its Go module. In: OUT.
set -euo pipefail
version=4.25.0
provider=github.com/pulumi/pulumi-kubernetes/provider/v4
sdk=github.com/pulumi/pulumi-kubernetes/sdk/v4
go mod download "$provider" "$sdk"
folder() { go list -mod=mod -m -f '{{.Dir}}' "$1"; }
source=$(folder "$provider")
sdk_source=$(folder "$sdk")

# The release embeds a schema that its own build derives from schema.json by setting the version; the same is done here.
jq -c --arg version "$version" '.version = $version' "$source/cmd/pulumi-resource-kubernetes/schema.json" >schema-embed.json
cp "$source/cmd/pulumi-resource-kubernetes/terraform-mapping.json" terraform-mapping-embed.json

# The Go SDK has 26 MB of generated types, a quarter of the code and most of the memory of this build. One function brings
# them in; yaml/register.go does the same without them. What else the provider uses of the SDK is copied.
mkdir -p sdk/go/kubernetes/helm sdk/go/kubernetes/yaml
cp "$sdk_source/go.mod" sdk
cp "$sdk_source"/go/kubernetes/*.go sdk/go/kubernetes
cp -r "$sdk_source/go/kubernetes/utilities" sdk/go/kubernetes
cp -r "$sdk_source/go/kubernetes/helm/v4" sdk/go/kubernetes/helm
cp -r yaml sdk/go/kubernetes/yaml/v2
chmod -R u+w sdk
go mod edit -replace "$sdk=./sdk"

go build -mod=mod -trimpath -ldflags "-s -w -X $provider/pkg/version.Version=$version" -o "$OUT/bin/pulumi-resource-kubernetes" .

#!/usr/bin/env bash
# The Kubernetes provider of Pulumi, release 4.25.0, from its Go module. In: OUT.
# The release embeds a schema that its own build derives from schema.json by setting the version; the same is done here.
set -euo pipefail
version=4.25.0
module=github.com/pulumi/pulumi-kubernetes/provider/v4
source=$(go list -mod=mod -m -f '{{.Dir}}' "$module")
[ -n "$source" ] || { go mod download "$module"; source=$(go list -mod=mod -m -f '{{.Dir}}' "$module"); }
jq -c --arg version "$version" '.version = $version' "$source/cmd/pulumi-resource-kubernetes/schema.json" >schema-embed.json
cp "$source/cmd/pulumi-resource-kubernetes/terraform-mapping.json" terraform-mapping-embed.json
go build -mod=mod -trimpath -ldflags "-s -w -X $module/pkg/version.Version=$version" -o "$OUT/bin/pulumi-resource-kubernetes" .

#!/usr/bin/env bash
# Tekton Chains, which signs what builds push, with the manifests of its release, and a verifier of its signatures. The versions of its
# modules are those of all else in the cluster, so that what both have is compiled once; only Tekton Pipelines and knative.dev/pkg are
# older, as Chains is. In: OUT.
set -euo pipefail
module=github.com/tektoncd/chains
go mod download "$module"
cp -r "$(go list -mod=mod -m -f '{{.Dir}}' "$module")" chains
chmod -R u+w chains
cp storage/storage.go chains/pkg/chains/storage/
sed -i '\|sigstore/sigstore/pkg/signature/kms/[a-z]*"$|d' chains/pkg/chains/signing/kms/kms.go
go mod edit -replace "$module=./chains"
go build -mod=mod -trimpath -ldflags "-s -w" -o "$OUT/bin/" ./controller ./cosign-verify
# With -n among Go's flags nothing was built: modules were all that was asked for.
[ -e "$OUT/bin/controller" ] || exit 0
mv "$OUT/bin/controller" "$OUT/bin/chains-controller"

# One file, as its release has it (release/publish.yaml of its repository), where the operator looks for it.
version=$(go list -mod=mod -m -f '{{.Version}}' "$module")
release=$OUT/share/${version#v}
mkdir -p "$release"
find chains/config -name '*.yaml' | LC_ALL=C sort | while read -r file; do
  printf -- '\n---\n'
  sed "s/\(version\|release\): \"devel\"/\1: \"$version\"/" "$file"
done >"$release/00-chains.yaml"

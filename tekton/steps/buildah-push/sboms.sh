# shellcheck shell=bash disable=SC2154
# Attaches an SPDX document to each member and to the index: an artifact whose `subject` is the image's digest
# (https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage). A registry with the referrers API lists it there;
# for all others it is listed in an index under the tag sha256-<digest>
# (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema), which clients fall back to.

sbom_type=application/spdx+json

# Attaches the document $3 to the digest $2, beside what others have attached. $1: a name for a storage.
attach() {
  local tag=$repository:${2/:/-} there=''
  new_index "$1" || return 1
  if there=$(inspect_remote "$tag" 2>"$HOME/$1.reason"); then
    add_member "$1" "docker://$tag" - --all || return 1
  elif ! grep -qiE 'manifest.unknown|name.unknown|not found' "$HOME/$1.reason"; then
    # Written anew without being read, it would lose what is attached already.
    cat "$HOME/$1.reason" >&2
    return 1
  fi
  add_member "$1" "$3" - --artifact --artifact-type "$sbom_type" --artifact-layer-type "$sbom_type" --artifact-exclude-titles \
    --artifact-subject "docker://$repository@$2" || return 1
  [[ $(digests "$(inspect_index "$1")" | sort -u) != "$(digests "$there" | sort -u)" ]] || return 0
  push "$1" "docker://$tag" --all >/dev/null
}

# A package of the document: $1 id, $2 digest, $3 what follows its purl.
package() {
  printf '{"SPDXID":"SPDXRef-%s","name":"%s","versionInfo":"%s","downloadLocation":"NOASSERTION","filesAnalyzed":false,' "$1" "$repository" "$2"
  printf '"licenseConcluded":"NOASSERTION","licenseDeclared":"NOASSERTION","copyrightText":"NOASSERTION","supplier":"NOASSERTION",'
  printf '"checksums":[{"algorithm":"SHA256","checksumValue":"%s"}],"primaryPackagePurpose":"CONTAINER",' "${2#sha256:}"
  printf '"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:oci/%s@%s?repository_url=%s%s"}]}' \
    "${repository##*/}" "${2/:/%3A}" "$repository" "$3"
}
# The index' document: an index holds nothing but its members. $1: time.
describe_index() {
  local i
  printf '{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"%s",' "${repository##*/}"
  printf '"documentNamespace":"https://spdx.org/spdxdocs/%s-%s",' "${repository##*/}" "${wanted#sha256:}"
  printf '"creationInfo":{"created":"%s","creators":["Tool: openshift-multiarch"]},"packages":[' "$1"
  package index "$wanted" ""
  for i in "${!members[@]}"; do
    printf ','
    package "image-${architectures[i]}" "${members[i]}" "&arch=${architectures[i]}"
  done
  printf '],"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-index"}'
  for i in "${!members[@]}"; do
    printf ',{"spdxElementId":"SPDXRef-image-%s","relationshipType":"VARIANT_OF","relatedSpdxElement":"SPDXRef-index"}' "${architectures[i]}"
  done
  printf ']}\n'
}

# Attaches what there is. An image is published without an SBOM, too, with a warning.
attach_sboms() {
  local i file created='' missing=() names=("the index") jobs=()
  for i in "${!architectures[@]}"; do
    file=$SHARED/$LAYOUTS/${architectures[i]}.sbom.json
    if [[ ! -s $file ]]; then
      missing+=("${architectures[i]}")
      continue
    fi
    [[ -n $created ]] || created=$(grep -oE -m 1 '"created": ?"[0-9TZ:-]+"' "$file" | head -n 1 | cut -d '"' -f 4) || true
    names+=("the image for ${architectures[i]}")
  done
  if [[ ${#missing[@]} -eq ${#architectures[@]} ]]; then
    echo "there is no SBOM to attach" >&2
    return 0
  fi
  [[ ${#missing[@]} -eq 0 ]] || warn "the image for ${missing[*]} has no SBOM"
  if ! buildah manifest add --help 2>/dev/null | grep -q -- --artifact-subject; then
    warn "this buildah cannot attach an SBOM: versions from 1.35 on can"
    return 0
  fi
  describe_index "${created:-1970-01-01T00:00:00Z}" >"$HOME/sbom.json"
  attach sbom-index "$wanted" "$HOME/sbom.json" 2>"$HOME/sbom-0.log" &
  jobs+=("$!")
  for i in "${!architectures[@]}"; do
    file=$SHARED/$LAYOUTS/${architectures[i]}.sbom.json
    [[ -s $file ]] || continue
    attach "sbom-${architectures[i]}" "${members[i]}" "$file" 2>"$HOME/sbom-${#jobs[@]}.log" &
    jobs+=("$!")
  done
  for i in "${!jobs[@]}"; do
    wait "${jobs[i]}" || {
      cat "$HOME/sbom-$i.log" >&2
      warn "the SBOM of ${names[i]} cannot be attached"
    }
  done
}

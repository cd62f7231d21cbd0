# shellcheck shell=bash disable=SC2154
# Attaches an SPDX document to each member and to the index: an artifact whose `subject` is the image's digest
# (https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage). A registry with the referrers API lists it there;
# for all others it is listed in an index under the tag sha256-<digest>
# (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema), which clients fall back to.
# An image is published without an SBOM, too, with a warning.

sbom_type=application/spdx+json
declare -a described=() describing=()
spdx_namespace=https://spdx.org/spdxdocs

# The document $2 that syft wrote of the image of an architecture ($1), with its digest $3, as $4. syft makes each document unlike any other: its
# namespace holds a random number (https://spdx.github.io/spdx-spec/v2.3/document-creation-information/#65-spdx-document-namespace-field asks
# for a unique URI only), and its time is now. Both stand before the packages, so the first are meant; its name is the layout's.
finish_sbom() {
  local namespace=$spdx_namespace/${repository##*/}-${3#sha256:}
  [[ -s $2 && $(tail -c 2 "$2") == '}' ]] || return 1
  sed -E "0,/\"documentNamespace\"/s|(\"documentNamespace\": ?\")[^\"]*|\1$namespace|
          0,/\"created\"/s|(\"created\": ?\")[^\"]*|\1$created|
          s|(\"name\": ?\")$LAYOUTS/$1\"|\1$repository\"|g" "$2" >"$4"
  grep -q "\"documentNamespace\": \?\"$namespace\"" "$4" && grep -q "\"created\": \?\"$created\"" "$4"
}

# A package of the document about the index: $1 id, $2 digest, $3 what follows its purl.
sbom_package() {
  printf '{"SPDXID":"SPDXRef-%s","name":"%s","versionInfo":"%s","downloadLocation":"NOASSERTION","filesAnalyzed":false,' "$1" "$repository" "$2"
  printf '"licenseConcluded":"NOASSERTION","licenseDeclared":"NOASSERTION","copyrightText":"NOASSERTION","supplier":"NOASSERTION",'
  printf '"checksums":[{"algorithm":"SHA256","checksumValue":"%s"}],"primaryPackagePurpose":"CONTAINER",' "${2#sha256:}"
  printf '"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:oci/%s@%s?repository_url=%s%s"}]}' \
    "${repository##*/}" "${2/:/%3A}" "$repository" "$3"
}
# An index holds nothing but its members.
describe_index() {
  local i
  printf '{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"%s",' "$repository"
  printf '"documentNamespace":"%s/%s-%s",' "$spdx_namespace" "${repository##*/}" "${wanted#sha256:}"
  printf '"creationInfo":{"created":"%s","creators":["Tool: openshift-multiarch"]},"packages":[' "$created"
  sbom_package index "$wanted" ""
  for i in "${!members[@]}"; do
    printf ','
    sbom_package "image-${architectures[i]}" "${members[i]}" "&arch=${architectures[i]}"
  done
  printf '],"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-index"}'
  for i in "${!members[@]}"; do
    printf ',{"spdxElementId":"SPDXRef-image-%s","relationshipType":"VARIANT_OF","relatedSpdxElement":"SPDXRef-index"}' "${architectures[i]}"
  done
  printf ']}\n'
}

# Attaches the document $3 to the digest $2, beside what others have attached, and writes its own digest to $HOME/$1.attached. $1: a name for a
# storage.
attach() {
  local tag=$repository:${2/:/-} there='' digest
  new_index "$1" && add_member "$1" "$3" - --artifact --artifact-type "$sbom_type" --artifact-layer-type "$sbom_type" \
    --artifact-subject "docker://$repository@$2" || return 1
  digest=$(digests "$(inspect_index "$1")") && [[ -n $digest ]] || return 1
  if there=$(inspect "$1" "$tag" 2>"$HOME/$1.reason"); then
    if ! grep -qxF "$digest" < <(digests "$there"); then
      add_member "$1" "docker://$tag" - --all && push "$1" "docker://$tag" --all >/dev/null || return 1
    fi
  elif grep -qiE 'manifest.unknown|name.unknown|not found' "$HOME/$1.reason"; then
    push "$1" "docker://$tag" --all >/dev/null || return 1
  else
    # Written anew without being read, it would lose what is attached already.
    cat "$HOME/$1.reason" >&2
    return 1
  fi
  printf '%s' "$digest" >"$HOME/$1.attached"
}
# A registry may hiccup: all is tried once more, but for what buildah does not know.
attach_patiently() {
  attach "$@" || {
    ! grep -q 'unknown flag' "$HOME/$1.log" && sleep 2 && attach "$@"
  }
}
# Starts that for $1 (what it is, for a message) while all else goes on.
begin_attaching() {
  described+=("$1")
  attach_patiently "sbom-${#described[@]}" "$2" "$3" 2>"$HOME/sbom-${#described[@]}.log" &
  describing+=("$!")
}

attach_to_members() {
  local i file
  for i in "${!architectures[@]}"; do
    file=$SHARED/$LAYOUTS/${architectures[i]}.sbom.json
    if finish_sbom "${architectures[i]}" "$file" "${members[i]}" "$HOME/${architectures[i]}.spdx.json"; then
      begin_attaching "image for ${architectures[i]}" "${members[i]}" "$HOME/${architectures[i]}.spdx.json"
    else
      warn "the image for ${architectures[i]} has no SBOM: the log of the step sbom that built it says why"
    fi
  done
}
attach_to_index() {
  describe_index >"$HOME/index.spdx.json"
  begin_attaching index "$wanted" "$HOME/index.spdx.json"
}

# Waits for all of them. Sets $attached, their digests.
end_attaching() {
  local i
  attached=()
  for i in "${!describing[@]}"; do
    if wait "${describing[i]}"; then
      attached+=("$(cat "$HOME/sbom-$((i + 1)).attached")")
    elif grep -q 'unknown flag: --artifact' "$HOME/sbom-$((i + 1)).log"; then
      warn "the SBOM of the ${described[i]} cannot be attached: buildah can from 1.35 on"
    else
      cat "$HOME/sbom-$((i + 1)).log" >&2
      warn "the SBOM of the ${described[i]} cannot be attached"
    fi
  done
}

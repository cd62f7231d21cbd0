# shellcheck shell=bash disable=SC2034,SC2154
# Attaches an SPDX document to each member and to the index: an artifact whose `subject` is the image's digest
# (https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage). A registry with the referrers API lists it there;
# for all others it is listed in an index under the tag sha256-<digest>
# (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema), which clients fall back to.
# An image is published without an SBOM, too, with a warning.

sbom_type=application/spdx+json
attaching=''
attached=()
spdx_namespace=https://spdx.org/spdxdocs

# The document $2 that syft wrote of the image of an architecture ($1) as $3. syft makes each document unlike any other: its namespace holds a
# random number, and its time is now. Both stand before the packages, so the first are meant; its name is the one of the shared volume. What it says decides
# its namespace, as each document has one of its own
# (https://spdx.github.io/spdx-spec/v2.3/document-creation-information/#65-spdx-document-namespace-field).
finish_sbom() {
  local namespace
  [[ -s $2 && $(tail -c 2 "$2") == '}' ]] || return 1
  sed -E "0,/\"documentNamespace\"/s|(\"documentNamespace\": ?\")[^\"]*|\1NAMESPACE|
          0,/\"created\"/s|(\"created\": ?\")[^\"]*|\1$created|
          s|(\"name\": ?\")$MEMBERS/$1\"|\1$repository\"|g" "$2" >"$3.tmp"
  namespace=$spdx_namespace/${repository##*/}-$(sha256sum <"$3.tmp" | cut -d ' ' -f 1)
  sed "0,/NAMESPACE/s|NAMESPACE|$namespace|" "$3.tmp" >"$3"
  grep -q "\"documentNamespace\": \?\"$namespace\"" "$3" && grep -q "\"created\": \?\"$created\"" "$3"
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

# Attaches the document $3 to the digest $2, beside what others have attached, and prints its own digest. $1: a name for a storage.
attach() {
  local tag=$repository:${2/:/-} there='' digest
  new_index "$1" && add_member "$1" "$3" - --artifact --artifact-type "$sbom_type" --artifact-layer-type "$sbom_type" \
    --artifact-subject "docker://$repository@$2" || return 1
  digest=$(digests "$(inspect_index "$1")") && [[ -n $digest ]] || return 1
  if there=$(inspect "$1" "$tag" 2>"$HOME/$1.reason"); then
    if grep -qxF "$digest" < <(digests "$there"); then
      printf '%s' "$digest"
      return 0
    fi
    add_member "$1" "docker://$tag" - --all || return 1
  elif ! is_unknown "$HOME/$1.reason"; then
    # Written anew without being read, it would lose what is attached already.
    cat "$HOME/$1.reason" >&2
    return 1
  fi
  push "$1" "docker://$tag" --all >/dev/null || return 1
  if there=$(inspect "$1" "$tag") && grep -qxF "$digest" < <(digests "$there"); then
    printf '%s' "$digest"
  else
    echo "the list of what is attached has been written by somebody else at the same time" >&2
    return 1
  fi
}

# Attaches the document $3 to the digest $2, for $1 (what it is, for a message); adds its digest to $HOME/attached.
attach_patiently() {
  local attempt digest log=$HOME/sbom.log
  for attempt in 1 2 3 4; do
    if digest=$(attach "sbom-${2#sha256:}" "$2" "$3" 2>"$log"); then
      echo "$digest" >>"$HOME/attached"
      return 0
    elif grep -q 'unknown flag: --artifact' "$log"; then
      warn "the SBOM of the $1 cannot be attached: buildah can from 1.35 on"
      return 0
    fi
    grep -qiE "$passing|\b50[0-4]\b|at the same time" "$log" || break
    ((attempt == 4)) || sleep "$((attempt * ${PAUSE:-3}))"
  done
  cat "$log" >&2
  warn "the SBOM of the $1 cannot be attached"
}

# Attaches what there is, one after the other: all have the same empty configuration, and a registry may lose it to who writes it at the same time.
attach_to_members() {
  local i file
  : >"$HOME/attached"
  for i in "${!architectures[@]}"; do
    file=$SHARED/$MEMBERS/${architectures[i]}.sbom.json
    if finish_sbom "${architectures[i]}" "$file" "$HOME/${architectures[i]}.spdx.json"; then
      attach_patiently "image for ${architectures[i]}" "${members[i]}" "$HOME/${architectures[i]}.spdx.json"
    else
      warn "the image for ${architectures[i]} has no SBOM: the log of the step sbom that built it says why"
    fi
  done
}
attach_to_index() {
  describe_index >"$HOME/index.spdx.json"
  attach_patiently index "$wanted" "$HOME/index.spdx.json"
}

# Starts a function above while all else goes on; the one before has come to its end then.
begin_attaching() {
  end_attaching
  "$1" &
  attaching=$!
}
# Waits for it. Sets $attached, the digests of what is attached.
end_attaching() {
  [[ -n $attaching ]] || return 0
  wait "$attaching" || true
  attaching=''
  mapfile -t attached <"$HOME/attached"
}

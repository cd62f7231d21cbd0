#!/usr/bin/env bash
# Lists what is in the image of an OCI layout: an SPDX document (JSON) beside the layout. The same image and time give the same document.
# Trouble means that there is none, and a warning: the image is built all the same.
# Environment: SHARED, LAYOUT (folder of it, with one image), IMAGE (repository:tag that the image goes to), TIMESTAMP (the commit's, in
# seconds), HOME.
set -euo pipefail
task=sbom
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

: "${SHARED:?}" "${LAYOUT:?}" "${IMAGE:?}" "${TIMESTAMP:?}" "${HOME:?}"
layout=$SHARED/$LAYOUT
file=$layout.sbom.json
rm -f "$file" "$file.tmp" # of an earlier try
cd "$HOME"                # syft reads settings where it stands
# It unpacks the layers, and asks nobody for a newer version of itself.
export TMPDIR=$HOME SYFT_CHECK_FOR_APP_UPDATE=false
name=${IMAGE##*/}
name=${name%%[:@]*}
digest=$(digest_of_layout "$layout")
[[ -n $digest ]] || fail "'$LAYOUT' holds not exactly one image"
created=$(date --utc --date "@$TIMESTAMP" +%Y-%m-%dT%H:%M:%SZ)

# syft makes each document unlike any other: its namespace holds a random number (https://spdx.github.io/spdx-spec/v2.3/document-creation-information/#65-spdx-document-namespace-field
# asks for a unique URI only), its time is now. The image's digest says as much. Both stand before the packages, so the first are meant.
describe() {
  syft scan --quiet --source-name "$name" --output spdx-json "oci-dir:$layout" |
    sed -E "0,/\"documentNamespace\"/s|(\"documentNamespace\": ?\")[^\"]*|\1https://spdx.org/spdxdocs/$name-${digest#sha256:}|
            0,/\"created\"/s|(\"created\": ?\")[^\"]*|\1$created|"
}
if describe >"$file.tmp" && grep -q "/spdxdocs/$name-${digest#sha256:}\"" "$file.tmp" && grep -q "\"created\": \?\"$created\"" "$file.tmp"; then
  chmod a+r "$file.tmp" # the push task runs as another user
  mv "$file.tmp" "$file"
  echo "$LAYOUT.sbom.json lists what is in the image" >&2
else
  rm -f "$file.tmp"
  warn "syft cannot list what is in '$LAYOUT': the image has no SBOM"
fi

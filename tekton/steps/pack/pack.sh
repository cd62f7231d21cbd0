#!/usr/bin/env bash
# Leaves what the steps before have made of the sources on the shared volume, as one archive, for the tasks behind.
# Environment: SHARED, PACKED (file of it), SOURCES.
set -euo pipefail
task=pack
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

: "${SHARED:?}" "${PACKED:?}" "${SOURCES:?}"
pack_sources "$SOURCES/tree" "$PACKED"
echo "wrote $PACKED ($(du -h "$SHARED/$PACKED" | cut -f 1))" >&2

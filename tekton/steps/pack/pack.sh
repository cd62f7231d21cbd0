#!/usr/bin/env bash
# Leaves what the steps before have made of the sources on the shared volume, as one archive, for the tasks behind,
# and what they have downloaded for later runs.
# Environment: SHARED, PACKED (file of it), SOURCES; optional DOWNLOADS (folder that runs share).
set -euo pipefail
task=pack
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=../downloads.sh
source "$(dirname "${BASH_SOURCE[0]}")/../downloads.sh"

: "${SHARED:?}" "${PACKED:?}" "${SOURCES:?}"
pack_sources "$SOURCES/tree" "$PACKED"
echo "wrote $PACKED ($(du -h "$SHARED/$PACKED" | cut -f 1))" >&2
# Nothing of it may end the task: what counts is packed.
save_downloads || true

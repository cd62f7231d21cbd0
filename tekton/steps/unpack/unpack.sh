#!/usr/bin/env bash
# Lays the archive that an earlier task has left on the shared volume into the pod's own folder, for the steps behind,
# and what earlier runs have downloaded.
# Environment: SHARED, ARCHIVE (file of it), SOURCES; optional DOWNLOADS (folder that runs share), REBUILD (not empty: without its content).
set -euo pipefail
task=unpack
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=../downloads.sh
source "$(dirname "${BASH_SOURCE[0]}")/../downloads.sh"

: "${SHARED:?}" "${ARCHIVE:?}" "${SOURCES:?}"
unpack_sources
# Nothing of it may end the task: what counts is unpacked.
restore_downloads || true

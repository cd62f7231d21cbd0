#!/usr/bin/env bash
# Lays the archive that an earlier task has left on the shared volume into the pod's own folder, for the steps behind.
# Environment: SHARED, ARCHIVE (file of it), SOURCES.
set -euo pipefail
task=unpack
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

: "${SHARED:?}" "${ARCHIVE:?}" "${SOURCES:?}"
unpack_sources

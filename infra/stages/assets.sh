#!/usr/bin/env bash
# The installer's directory as text, for an install on another machine. In: INFRA_ID. Out: base64 of a tar archive, compressed;
# nothing when it is not on this machine any more, which only matters to an install that has not been done.
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"
archive="$work/${INFRA_ID:?}/assets.tar.br"
if [[ -f "$archive" ]]; then base64 <"$archive" | tr -d '\n'; fi

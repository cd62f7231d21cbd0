#!/usr/bin/env bash
# The installer's directory as text, for an install on another machine. In: INFRA_ID. Out: base64 of a tar archive, compressed;
# nothing when it is not on this machine any more. The install stage removes it when it is done: the directory has the AWS keys and
# all certificate authorities, and is for an install that has not been done.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
archive="$work/${INFRA_ID:?}/assets.tar.br"
if [[ -f "$archive" ]]; then base64 <"$archive" | tr -d '\n'; fi

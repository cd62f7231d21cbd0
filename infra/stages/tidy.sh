#!/usr/bin/env bash
# Removes from this machine what is left of a cluster that is gone, or never came: a try that was killed before it had a name is in no state.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/logs.sh
source "$stages/lib/logs.sh"

clear_tries
rm -rf "$work"/access.* "$work"/destroy.* "$work/identity.log"
# Not when another cluster of the name has something there.
rmdir "$work" 2>/dev/null || true

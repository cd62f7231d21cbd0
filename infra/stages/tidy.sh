#!/usr/bin/env bash
# Removes from this machine what is left of a cluster that is gone, or never came: a try that was killed before it had a name is in no state.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/logs.sh
source "$stages/lib/logs.sh"

# What the cluster itself was is gone by now, so nothing here is worth an error.
end_strays "$work/new." || say "Something of an earlier run still works in $work (see above)."
rm -rf "$work"/new.* "$work"/access.* "$work"/destroy.* "$work/identity.log"
# Not when another cluster of the name has something there.
rmdir "$work" 2>/dev/null || true

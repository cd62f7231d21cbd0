#!/usr/bin/env bash
# Makes sure that openshift-install, a client and, where it is needed, ccoctl of the stack's version are there. Out: JSON, the version.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tools.sh
source "$stages/lib/tools.sh"

ensure_tools
say "openshift-install $OPENSHIFT_VERSION: $installer"
say "client: $client"
[[ -z $ccoctl ]] || say "ccoctl: $ccoctl"
# What comes from the mirror's folder of multi-architecture releases is one.
if [[ $installer != "$tools/"* && -z $(installer_report "$installer" | release_architecture) ]]; then
  say "Warning: $installer does not say for which architectures its release is; nodes of two need a multi-architecture release."
fi
printf '{"version":"%s"}\n' "$OPENSHIFT_VERSION"

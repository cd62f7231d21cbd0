#!/usr/bin/env bash
# Makes sure that openshift-install and a client of the stack's version are there. Out: JSON, the version.
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"
ensure_tools
say "openshift-install $OPENSHIFT_VERSION: $installer"
say "client: $client"
case "$(installer_report "$installer" | release_architecture)" in
  "" | unknown) say "Warning: $installer does not say for which architectures its release is; nodes of two need a multi-architecture release." ;;
esac
printf '{"version":"%s"}\n' "$OPENSHIFT_VERSION"

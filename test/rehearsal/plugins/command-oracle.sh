#!/usr/bin/env bash
# Compares the installed stand-in of the plugin `command` with what the real one did (an oracle outside this repository:
# scenarios, and observations of them). Ends with `N passed, N failed`; with code 77, for "skipped", where there is no oracle.
#   COMMAND_ORACLE            folder of the oracle; default: shared/oracles/command beside the checkout
#   OPENSHIFT_MULTIARCH_HOME  where the toolchain and the plugins are installed
#   arguments                 handed to the oracle, for example `--only triggers`
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
oracle=${COMMAND_ORACLE:-$checkout/../shared/oracles/command}
home=${OPENSHIFT_MULTIARCH_HOME:-/var/lib/openshift-multiarch}

if [[ ! -f $oracle/run.mjs ]]; then
  echo "command oracle: skipped, there is none in $oracle" >&2
  exit 77
fi
if ! compgen -G "$home/pulumi/plugins/resource-command-v*/pulumi-resource-command" >/dev/null; then
  echo "command oracle: the plugin is not installed in $home/pulumi" >&2
  exit 1
fi

# Only PULUMI_HOME and PATH count: a stack or passphrase of the caller must not get in. What pulumi leaves there (logs, temporary
# files) goes when the comparison ends.
for name in "${!PULUMI_@}"; do unset "$name"; done
TMPDIR=$(mktemp -d)
trap 'rm -rf "$TMPDIR"' EXIT
mkdir "$TMPDIR/home"
ln -s "$home/pulumi/plugins" "$TMPDIR/home/plugins"
export TMPDIR PULUMI_HOME=$TMPDIR/home
export PATH=$home/path:$home/cache/bin:$PATH
export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true
node "$oracle/run.mjs" --modules "$checkout" --compare "$oracle/observed.json" "$@"

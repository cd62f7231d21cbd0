#!/usr/bin/env bash
# Compares the installed stand-in of the plugin `command` with what the real one did: command-oracle/ has the scenarios and
# observations of them. Takes about 100 s. Ends with `N passed, N failed`.
#   OPENSHIFT_MULTIARCH_HOME  where the toolchain and the plugins are installed
#   argument                  a part of a scenario's name: only those
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
home=${OPENSHIFT_MULTIARCH_HOME:-/var/lib/openshift-multiarch}

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
cd "$checkout"
node --import tsx test/rehearsal/plugins/command-oracle/run.ts "$@"

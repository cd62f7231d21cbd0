#!/usr/bin/env bash
# One command for the whole environment: checks what the rest cannot run without, then hands over to cli.ts.
set -euo pipefail

help() {
  cat <<'TEXT'
npm run rehearse                  start everything, run `pulumi up`, show the stack's outputs and the proof for each image
npm run rehearse -- destroy       `pulumi destroy`, then stop and remove all that was started; caches stay
                     --force      ... without `pulumi destroy`
                     --cache      ... and the caches (toolchain, images) as well
npm run rehearse -- status        what runs, with process id and memory, and the stack's outputs
npm run rehearse -- logs [part]   the log of one part (-f follows it); without a part, their names
npm run rehearse -- shell         a shell with pulumi, kubectl, oc, skopeo and the AWS endpoint set up
npm run rehearse -- build NAME    npm run build, on the rehearsal's stack; its options: build --help
npm run rehearse -- bench [part]  measure times and memory; parts, in what is up: environment (made anew), previews, builds, pushes, rest
npm run rehearse -- --help        this text

Everything is kept in /var/lib/openshift-multiarch (or $OPENSHIFT_MULTIARCH_HOME), outside the checkout.
Whatever stopped a run (Ctrl-C, a kill, a reboot): the same command goes on, or clears what is left and starts again.
TEXT
}

case "${1-}" in
-h | --help | help)
  help
  exit 0
  ;;
esac

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=../machine/npm-packages.sh
source "$checkout/rehearsal/machine/npm-packages.sh"
# shellcheck source-path=SCRIPTDIR source=how-long.sh
source "$checkout/rehearsal/commands/how-long.sh"
[ "$(uname -s)" = Linux ] || fail "this needs Linux: it starts containers, bridges and mounts (here: $(uname -s))"
[ "$(uname -m)" = x86_64 ] || fail "this needs an x86_64 machine: arm64 is the architecture that it emulates (here: $(uname -m))"
[ "$(id -u)" = 0 ] || fail "this needs root, for containers, bridges and mounts: run it with sudo, or in a virtual machine of its own"

# Before anything is downloaded; cli.ts says it in full, for which it needs npm's packages.
[ "${1:-up}" != up ] || say_how_long
require_node
command -v go >/dev/null || fail "Go is needed to build the toolchain, and there is no \`go\` on PATH"

# `-- shell` and the like may come from any folder; npm itself changes to the checkout.
cd "$checkout"
ensure_npm_packages
exec node --import tsx rehearsal/commands/cli.ts "$@"

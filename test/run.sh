#!/usr/bin/env bash
# All tests, or one part of them: check, unit, rehearsal. Installs what they need.
set -euo pipefail
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=../rehearsal/machine/npm-packages.sh
source "$checkout/rehearsal/machine/npm-packages.sh"

case "${1:-all}" in
-h | --help | help)
  cat <<'TEXT'
npm test                    everything: checks, unit tests, the rehearsal end to end (needs root; an hour when nothing is cached)
npm run check               types, lint and format, what nothing uses, who imports whom, shell scripts, tasks, workflows
npm run test:unit           unit tests, about five minutes
npm test -- rehearsal       only the rehearsal, end to end
npm run test:faults         updates and removals that go wrong at each step, and what comes next; see -- --help
npm run test:kills          updates and removals that are killed at random moments; see -- --help
npm run test:old-state      the state of an earlier commit, brought up by this program; see -- --help
npm run test:canaries       every secret of a run, looked for wherever it must not stand
npm run test:mutation       which small changes of the program the unit tests notice; see -- --help
TEXT
  exit 0
  ;;
esac

cd "$checkout"
require_node
ensure_npm_packages
for tool in shellcheck openssl git curl gpg gpg-agent buildah; do
  command -v "$tool" >/dev/null && continue
  [ "$(id -u)" = 0 ] || fail "$tool is needed: apt-get install $tool"
  echo "apt-get install $tool ... (about 10 s)" >&2
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "$tool"; } >/dev/null ||
    fail "$tool could not be installed: does Debian's package registry answer? (apt-get update)"
done
case "${1:-}" in
faults | kills | old-state | canaries)
  exec bash test/faults/enter.sh "$1.ts" "${@:2}"
  ;;
mutation)
  shift
  exec node --import tsx test/mutation/run.ts "$@"
  ;;
*) exec node --import tsx test/run.ts "$@" ;;
esac

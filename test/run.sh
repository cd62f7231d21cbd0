#!/usr/bin/env bash
# All tests, or one part of them: check, unit, rehearsal. Installs what they need.
set -euo pipefail
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=../rehearsal/npm-packages.sh
source "$checkout/rehearsal/npm-packages.sh"

case "${1:-all}" in
-h | --help | help)
  cat <<'TEXT'
npm test                    everything: checks, unit tests, the rehearsal end to end (needs root; an hour when nothing is cached)
npm run check               types, lint and format, shell scripts
npm run test:unit           unit tests, less than a minute
npm test -- rehearsal       only the rehearsal, end to end
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
if [ "${1:-}" != mutation ]; then exec node --import tsx test/run.ts "$@"; fi

# Stryker asks for a newer Node.js than the rest does, and npm has that as a package.
shift
if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 22 ]; then
  package=$(node -p '["node", process.platform, process.arch].join("-")')@22.23.3
  echo "npm exec --package=$package ... (Stryker needs Node.js 22 or later; here: $(node --version))" >&2
  exec npm exec --yes --package="$package" -- node --import tsx test/mutation/run.ts "$@"
fi
exec node --import tsx test/mutation/run.ts "$@"

#!/usr/bin/env bash
# Installs the locked run-time dependencies of a Node.js application into its source folder.
# Environment: SHARED, SOURCE (folder of it), CONTEXT (folder of that), HOME; optional NPMRC (folder with a file .npmrc).
set -euo pipefail

fail() {
  echo "npm-build: $*" >&2
  exit 1
}

: "${SHARED:?}" "${SOURCE:?}" "${CONTEXT:?}" "${HOME:?}"
cd "$SHARED/$SOURCE/$CONTEXT" || fail "the repository has no folder '$CONTEXT'"
[[ -f package-lock.json || -f npm-shrinkwrap.json ]] ||
  fail "'$CONTEXT' has no package-lock.json: without one, every build could get other versions"

if [[ -n ${NPMRC:-} ]]; then
  [[ -f $NPMRC/.npmrc ]] || fail "the workspace npmrc holds no file .npmrc"
  export NPM_CONFIG_USERCONFIG=$NPMRC/.npmrc
fi
export NODE_ENV=production NPM_CONFIG_CACHE=$HOME/.npm NPM_CONFIG_UPDATE_NOTIFIER=false

echo "npm ci on $(uname -m), node $(node --version)" >&2
exec npm ci --omit=dev --no-audit --no-fund

#!/usr/bin/env bash
# Installs the locked run-time dependencies of a Node.js application into its source folder.
# Environment: SHARED, SOURCE (folder of it), CONTEXT (folder of that), HOME; optional NPMRC (folder with a file .npmrc).
set -euo pipefail
task=npm-build
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

: "${SHARED:?}" "${SOURCE:?}" "${CONTEXT:?}" "${HOME:?}"
check_context "$SHARED/$SOURCE" "$CONTEXT" ''
cd "$SHARED/$SOURCE/$CONTEXT"
[[ -f package.json ]] || fail "'$CONTEXT' has no package.json"
[[ -f package-lock.json || -f npm-shrinkwrap.json ]] ||
  fail "'$CONTEXT' has no package-lock.json: without one, every build could get other versions"

if [[ -n ${NPMRC:-} ]]; then
  [[ -f $NPMRC/.npmrc ]] || fail "the workspace npmrc holds no file .npmrc"
  [[ -r $NPMRC/.npmrc ]] || fail "the file .npmrc of the workspace npmrc cannot be read by user $(id -u)"
  export NPM_CONFIG_USERCONFIG=$NPMRC/.npmrc
fi
# FORCE_COLOR would win over NO_COLOR.
unset FORCE_COLOR
export NODE_ENV=production NPM_CONFIG_CACHE=$HOME/.npm NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_COLOR=false NO_COLOR=1

echo "npm ci on $(uname -m), node $(node --version)" >&2
npm ci --omit=dev --no-audit --no-fund ||
  fail "npm ci of '$CONTEXT' failed with exit code $? on $(uname -m)"

#!/usr/bin/env bash
# Installs the locked packages of a Node.js application in the pod's copy of the sources, and builds it if it has a script for that.
# Arguments: NAME=value, the environment of npm.
# Environment: SOURCES (with the repository in tree/ and what earlier runs have downloaded in downloads/), CONTEXT (folder of the repository),
# TIMESTAMP (seconds since 1970), HOME;
# optional NPMRC (folder with a file .npmrc), TRUST (folder with a file ca-bundle.crt).
set -euo pipefail
task=npm-build
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=../environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"
# shellcheck source-path=SCRIPTDIR source=downloads.sh
source "$(dirname "${BASH_SOURCE[0]}")/downloads.sh"
# shellcheck source-path=SCRIPTDIR source=packages.sh
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

: "${SOURCES:?}" "${CONTEXT:?}" "${TIMESTAMP:?}" "${HOME:?}"
take_environment "$@"
tree=$SOURCES/tree
check_context "$tree" "$CONTEXT" ''
cd "$tree/$CONTEXT"
check_packages
read_package

if [[ -n ${NPMRC:-} ]]; then
  [[ -f $NPMRC/.npmrc ]] || fail "the workspace npmrc holds no file .npmrc"
  [[ -r $NPMRC/.npmrc ]] || fail "the file .npmrc of the workspace npmrc cannot be read by user $(id -u)"
  export NPM_CONFIG_USERCONFIG=$NPMRC/.npmrc
fi
! use_trust || export NODE_EXTRA_CA_CERTS=$SSL_CERT_FILE GIT_SSL_CAINFO=$SSL_CERT_FILE
# FORCE_COLOR would win over NO_COLOR.
unset FORCE_COLOR
export NODE_ENV=production NPM_CONFIG_CACHE=$HOME/.npm NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_COLOR=false NO_COLOR=1
export SOURCE_DATE_EPOCH=$TIMESTAMP

npm_or_fail() {
  local code=0 what=$1
  shift
  in_environment npm "$@" || code=$?
  [[ $code == 0 ]] || fail_with_hint "$what of '$CONTEXT' failed with exit code $code on $(uname -m)" "${hints[@]}"
}

use_downloads
echo "npm ci on $(uname -m), node $(node --version)" >&2
if [[ -z $needs_all ]]; then
  npm_or_fail 'npm ci' ci --omit=dev --no-audit --no-fund
  only_locked_downloads
  exit
fi
# What prepares or builds the application is a development dependency (husky, tsc): it is here for that long only.
npm_or_fail 'npm ci' ci --include=dev --no-audit --no-fund
[[ ${#build[@]} -eq 0 ]] || npm_or_fail 'npm run build' run build "${build[@]}"
# Without scripts: those of the package itself have run, and may need what has just gone.
npm_or_fail 'npm prune' prune --omit=dev --ignore-scripts --no-audit --no-fund
# What npm leaves where no package that stays has a program, so that the result is that of `npm ci --omit=dev`.
rmdir node_modules/.bin 2>/dev/null || true
only_locked_downloads

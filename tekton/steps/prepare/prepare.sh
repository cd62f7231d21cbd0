#!/bin/sh
# Runs a script of the build's settings, in an image of its own, in the pod's copy of the sources: what goes before the image's build.
# For sh as POSIX has it: the image may have no more, so this shares nothing with the scripts for bash.
# Arguments: NAME=value, the environment of that script.
# Environment: SOURCES (with the repository in tree/ and what earlier runs have downloaded in downloads/), CONTEXT (folder of the repository), SCRIPT (its text), TIMESTAMP (seconds since 1970), HOME;
# optional TRUST (folder with a file ca-bundle.crt), BUILD_SECRETS (folder with a file for each secret, for the script).
set -eu

fail() {
  echo "prepare: $*" >&2
  exit 1
}

: "${SOURCES:?}" "${CONTEXT:?}" "${SCRIPT:?}" "${TIMESTAMP:?}" "${HOME:?}"
for entry in "$@"; do
  name=${entry%%=*}
  case $entry in
    [A-Za-z_]*=*) ;;
    *) name=- ;;
  esac
  case $name in
    *[!A-Za-z0-9_]*) fail "'${entry%%=*}' in the environment is no name of a variable with a value: NAME=value, the name of letters, digits and _" ;;
  esac
done

tree=$SOURCES/tree
[ -d "$tree/$CONTEXT" ] || fail "the repository has no folder '$CONTEXT'"
cd "$tree/$CONTEXT"
case $(pwd -P)/ in
  "$(cd "$tree" && pwd -P)"/*) ;;
  *) fail "the folder '$CONTEXT' leads out of the repository" ;;
esac

if [ -n "${TRUST:-}" ]; then
  [ -r "$TRUST/ca-bundle.crt" ] || fail "the workspace trust holds no file ca-bundle.crt that user $(id -u) can read"
  : >"$HOME/ca.pem"
  # Of Red Hat, Debian and Alpine.
  for bundle in /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/certs/ca-certificates.crt /etc/ssl/cert.pem; do
    if [ -r "$bundle" ]; then
      cat "$bundle" >>"$HOME/ca.pem"
      break
    fi
  done
  cat "$TRUST/ca-bundle.crt" >>"$HOME/ca.pem"
  # OpenSSL and Go; git; Node.js; Python's requests; cargo.
  export SSL_CERT_FILE="$HOME/ca.pem" GIT_SSL_CAINFO="$HOME/ca.pem" NODE_EXTRA_CA_CERTS="$HOME/ca.pem"
  export REQUESTS_CA_BUNDLE="$HOME/ca.pem" CARGO_HTTP_CAINFO="$HOME/ca.pem"
fi
export SOURCE_DATE_EPOCH="$TIMESTAMP"
# What the script downloads there, it finds there in the next run, where the build keeps downloads.
export DOWNLOADS="$SOURCES/downloads"
mkdir -p "$DOWNLOADS"
# The path of secrets that there are not is no path.
[ -n "${BUILD_SECRETS:-}" ] || unset BUILD_SECRETS

script=$HOME/prepare
printf '%s\n' "$SCRIPT" >"$script"
chmod 755 "$script"
unset SCRIPT
case $(head -n 1 "$script") in
  '#!'*) set -- "$@" "$script" ;;
  # -v: the log shows each line before it runs, as it is written, so without the values of its variables.
  *) set -- "$@" sh -euv "$script" ;;
esac
# The script alone is waited for: what it leaves running would hold a pipe open for as long as it lives.
rm -f "$script.pipe"
mkfifo "$script.pipe"
tee "$script.log" <"$script.pipe" >&2 &
reader=$!
code=0
env "$@" >"$script.pipe" 2>&1 || code=$?
waited=0
while kill -0 "$reader" 2>/dev/null && [ "$waited" -lt 20 ]; do
  sleep 0.1
  waited=$((waited + 1))
done
if [ "$code" != 0 ]; then
  grep -v -e '^[[:space:]]*$' -e '^[[:space:]]*#' "$script" >"$script.lines" || true
  last=$(grep -Fx -f "$script.lines" "$script.log" | tail -n 1) || true
  case $code in
    126) why=": the program cannot be run in this image" ;;
    127) why=": the image has no such program" ;;
    137) why=": it was killed, most often because it needed more memory than the step may use" ;;
    *) why= ;;
  esac
  fail "the script failed with exit code $code on $(uname -m)${last:+ at \`$last\`}$why"
fi

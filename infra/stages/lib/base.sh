# What every stage needs; sourced. In: CLUSTER.
# shellcheck shell=bash
# shellcheck disable=SC2034 # The stages read what is set here.
set -euo pipefail
# What a stage writes (certificates, keys, the pull secret, the installer's log) is for nobody else on this machine.
umask 077

stages=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Lines stay short: Pulumi's command plugin stops reading at one of 64 KiB.
say() { printf '%s\n' "$*" | cut -c1-1000 >&2; }
fail() {
  say "$@"
  exit 1
}

cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
[[ -n $cache ]] || fail "Neither HOME nor XDG_CACHE_HOME is set: set one of them, to a folder for the installer and the cluster's certificates."
# Processes are known by their folder, so it is said in one way.
[[ $cache == /* ]] || cache=$PWD/$cache
cache+=/openshift-multiarch
work="$cache/${CLUSTER:?}"

# Makes sure of a folder of the cache.
folder() {
  mkdir -p "$1" 2>/dev/null || true
  [[ -d $1 && -w $1 ]] ||
    fail "Cannot write to $1. Set XDG_CACHE_HOME to a folder that can be written, with 2 GB free, on a file system that lets programs run."
}

documents() { node --require tsx/cjs "$stages/documents.ts" "$@"; }

# SECONDS COMMAND...: ends a program that should have ended long ago. macOS has no timeout(1); Pulumi's limit for the stage is left there.
limited() {
  local seconds=$1
  shift
  if command -v timeout >/dev/null; then timeout -k 5 "$seconds" "$@"; else "$@"; fi
}

# The installer keeps the same files several times over, which only a compressor with a large window sees: half of what gzip makes.
pack() {
  tar -cf - -C "$1" . |
    node -e 'const z = require("zlib"); process.stdin.pipe(z.createBrotliCompress({ params: { [z.constants.BROTLI_PARAM_QUALITY]: 9, [z.constants.BROTLI_PARAM_LGWIN]: 24 } })).pipe(process.stdout)'
}
unpack() { node -e 'process.stdin.pipe(require("zlib").createBrotliDecompress()).pipe(process.stdout)' | tar -xf - -C "$1"; }

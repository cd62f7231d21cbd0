#!/usr/bin/env bash
# What `npm run tekton` prints, read by IBM's linter: whatever it finds is an error.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$here/../.."

npm run -s tekton -- --out "$folder" 2>"$folder/written" || { cat "$folder/written" >&2 && exit 1; }
for path in "$folder"/pipelines/*; do
  npm run -s tekton -- --run "${path##*/}" >"$folder/run-${path##*/}.yaml"
done
# Else it makes a folder in the home directory.
TL_CACHE_DIR=$folder/cache npx tekton-lint --max-warnings 0 --config "$here/rules.yaml" "$folder/**/*.yaml"

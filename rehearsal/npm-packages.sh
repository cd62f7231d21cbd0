# Node.js and the npm packages of the checkout; sourced by the commands that need them. Run in the checkout.
# shellcheck shell=bash

fail() {
  printf 'rehearse: %s\n' "$@" >&2
  exit 1
}

require_node() {
  # Debian keeps these out of root's PATH under su, Go's own archive puts itself into /usr/local/go.
  export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin"
  command -v node >/dev/null || fail "Node.js 20 or later is needed, and there is no \`node\` on PATH"
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || fail "Node.js 20 or later is needed (here: $(node --version))"
  command -v npm >/dev/null || fail "npm is needed, and there is no \`npm\` on PATH; it comes with Node.js"
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
  npm ci --no-audit --no-fund --loglevel=error >&2 || fail "npm ci failed: does the npm registry answer? (npm config get registry)"
}

# shellcheck shell=bash disable=SC2154
# What npm takes of earlier runs and leaves for later ones: tarballs of locked packages, and nothing else. npm finds them by the integrity
# in the lock and compares it with what it reads (npm/pacote, lib/fetcher.js, `#tarballFromCache`); one that was changed is downloaded
# again. What npm would believe as it is, answers of the registry and programs of npx, each run has for itself.
# Sourced by npm-build.sh, whose folder is then that of the package.

# Lets npm find the kept tarballs among its own: as the contents of its cache.
use_downloads() {
  mkdir -p "$SOURCES/downloads" "$HOME/.npm/_cacache"
  ln -sfn "$SOURCES/downloads" "$HOME/.npm/_cacache/content-v2"
  only_locked_downloads
}

# Removes what the lock does not name, or does not say where to get: npm asks the registry for that in any case.
only_locked_downloads() {
  node - "$SOURCES/downloads" <<'JAVASCRIPT' 2>/dev/null || rm -rf "${SOURCES:?}/downloads"/* 2>/dev/null || true
const [{ existsSync, readFileSync, readdirSync, rmSync, rmdirSync }, { join }] = [require("fs"), require("path")];
const lock = ["npm-shrinkwrap.json", "package-lock.json"].find((name) => existsSync(name));
const locked = Object.values(JSON.parse(readFileSync(lock, "utf8")).packages).filter(({ resolved }) => /^https?:/.test(resolved ?? ""));
const wanted = new Set(locked.flatMap(({ integrity = "" }) => integrity.trim().split(/\s+/)).map((one) => {
  const [algorithm, base64 = ""] = one.split(/[-?]/);
  // npm/cacache, lib/content/path.js
  const hex = Buffer.from(base64, "base64").toString("hex");
  return join(algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
}));
const clear = (folder, path) => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const [file, name] = [join(folder, entry.name), join(path, entry.name)];
    if (entry.isDirectory()) clear(file, name);
    else if (!entry.isFile() || !wanted.has(name)) rmSync(file);
  }
  if (path !== "" && readdirSync(folder).length === 0) rmdirSync(folder);
};
clear(process.argv[2], "");
JAVASCRIPT
}

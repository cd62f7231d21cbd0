# shellcheck shell=bash disable=SC2154
# What a Node.js application's folder says about its packages. Sourced by npm-build.sh, whose folder is then $tree/$CONTEXT.

# Meaning of lines in npm's log.
# shellcheck disable=SC2034
hints=(
  'gyp ERR! (find Python|stack.*not found: make)|not found: (make|g\+\+|cc)' "a package is compiled here, and the task's image lacks a compiler, make or python3: name one that has them in namespace.taskImages.nodejs"
  'EBADENGINE|EBADDEVENGINES' "the package asks for another Node.js or npm than the task's image has: name one in namespace.taskImages.nodejs"
  'UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|SELF_SIGNED_CERT|unable to get local issuer' "the registry's certificate is of an authority that is not trusted: give it in the trust bundle"
  'npm (error|ERR!) code E40[13]' "the registry wants a user: give one in the secret npmrc"
)

# Name of the nearest folder above the context that has the file $1; fails if none has.
above() {
  local folder=$CONTEXT
  while [[ $folder != . && $folder != / ]]; do
    folder=$(dirname "$folder")
    if [[ -f $tree/$folder/$1 ]]; then
      printf '%s' "$folder"
      return
    fi
  done
  return 1
}

# Folders below the context that have a package.json, for messages.
packages_below() {
  find . -mindepth 2 -maxdepth 4 -name package.json -not -path '*/node_modules/*' -printf '%P\n' | sort | head -n 3 | while IFS= read -r file; do
    printf ", but '%s' has" "${file%/package.json}"
  done
}

# Ends the task if npm has no lock to go by, and says what would do.
check_packages() {
  local root lock manager
  [[ -f package.json ]] || fail "'$CONTEXT' has no package.json$(packages_below)"
  [[ ! -f package-lock.json && ! -f npm-shrinkwrap.json ]] || return 0
  manager=$(package_manager)
  for lock in pnpm-lock.yaml yarn.lock; do
    root=$CONTEXT
    [[ -f $lock ]] || root=$(above "$lock") || continue
    fail "$(other_manager "$lock" "$root" "$manager")"
  done
  if root=$(above package-lock.json) && grep -q '"workspaces"' "$tree/$root/package.json"; then
    fail "'$CONTEXT' has no package-lock.json: its versions are in that of '$root', of which it is a workspace, and npm installs into '$root/node_modules'. Build with context '$root' and the Containerfile '${CONTEXT#"$root/"}/Containerfile', which copies node_modules and '${CONTEXT#"$root/"}'; NPM_CONFIG_WORKSPACE=${CONTEXT#"$root/"} in the environment leaves out the other workspaces"
  fi
  fail "'$CONTEXT' has no package-lock.json: without one, every build could get other versions. \`npm install --package-lock-only\` makes it"
}

# The field packageManager without its hash, as name@version; or nothing.
package_manager() {
  node -e 'const { packageManager } = JSON.parse(fs.readFileSync("package.json", "utf8"));
    console.log(/^(npm|pnpm|yarn)@[\w.-]+/.exec(packageManager)?.[0] ?? "");' 2>/dev/null || true
}

# What to do with the lock file $1, in the folder $2, of another package manager ($3: package.json's own word).
other_manager() {
  local name=${1%%[-.]*} install='install --frozen-lockfile' manager=$3
  [[ $manager == "$name"@* ]] || manager=$name
  case $manager in
    yarn@[2-9]*) manager=@yarnpkg/cli-dist@${manager#yarn@} install='install --immutable' ;;
  esac
  printf "'%s' has no package-lock.json but a %s, which npm does not read. Build it by pipeline: containerfile, with context '%s' and what goes before it:\n  prepare:\n    image: docker.io/library/node:%s\n    script: npx --yes %s %s" \
    "$CONTEXT" "$(basename "$1")" "$2" "$(node -p 'process.versions.node.split(".")[0]')" "$manager" "$install"
}

# Sets $needs_all if the package's own scripts run at its installation, or there is something to build: they may need development
# dependencies. Sets $build, the arguments of `npm run build`; none if there is nothing to build.
read_package() {
  local facts said
  facts=$(node -e '
    const { scripts = {}, workspaces } = JSON.parse(fs.readFileSync("package.json", "utf8"));
    // https://docs.npmjs.com/cli/using-npm/scripts, "npm ci"
    const atInstall = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];
    if (workspaces !== undefined || scripts.build !== undefined || atInstall.some((name) => scripts[name] !== undefined)) console.log("all");
    if (scripts.build !== undefined) console.log("build");
    if (workspaces !== undefined) console.log("workspaces");
  ' 2>"$HOME/package.log") || fail "'$CONTEXT/package.json' cannot be read: $(grep -m 1 'Error' "$HOME/package.log" || true)"
  needs_all='' build=()
  [[ $facts != *all* ]] || needs_all=yes
  # A package without the script is none that fails: a workspace, if the environment names one.
  if [[ $facts == *build* ]]; then
    build=(--if-present)
  elif [[ $facts == *workspaces* ]]; then
    build=(--if-present)
    from_environment NPM_CONFIG_WORKSPACE >/dev/null || from_environment npm_config_workspace >/dev/null || build+=(--workspaces)
  fi
  said=$(package_manager)
  [[ -z $said || $said == npm@* ]] || warn "package.json names $said as packageManager; what is installed is what npm's own lock file says"
}

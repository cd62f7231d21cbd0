#!/usr/bin/env bash
# Packages a Java application in its source folder.
# Environment: SHARED, SOURCE (folder of it), CONTEXT (folder of that), HOME; optional MAVEN_SETTINGS (folder with a file settings.xml).
set -euo pipefail

fail() {
  echo "maven-package: $*" >&2
  exit 1
}

: "${SHARED:?}" "${SOURCE:?}" "${CONTEXT:?}" "${HOME:?}"
cd "$SHARED/$SOURCE/$CONTEXT" || fail "the repository has no folder '$CONTEXT'"
[[ -f pom.xml ]] || fail "'$CONTEXT' has no pom.xml"

# Java reads the home directory of the user's entry in /etc/passwd, which an assigned user does not have.
arguments=(--batch-mode --no-transfer-progress "-Duser.home=$HOME" "-Dmaven.repo.local=$HOME/.m2/repository")
if [[ -n ${MAVEN_SETTINGS:-} ]]; then
  [[ -f $MAVEN_SETTINGS/settings.xml ]] || fail "the workspace maven-settings holds no file settings.xml"
  arguments+=(--settings "$MAVEN_SETTINGS/settings.xml")
fi

exec mvn "${arguments[@]}" package

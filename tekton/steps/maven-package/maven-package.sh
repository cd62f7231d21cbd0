#!/usr/bin/env bash
# Packages a Java application in its source folder.
# Environment: SHARED, SOURCE (folder of it), CONTEXT (folder of that), HOME; optional MAVEN_SETTINGS (folder with a file settings.xml).
set -euo pipefail
task=maven-package
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

: "${SHARED:?}" "${SOURCE:?}" "${CONTEXT:?}" "${HOME:?}"
check_context "$SHARED/$SOURCE" "$CONTEXT" ''
cd "$SHARED/$SOURCE/$CONTEXT"
[[ -f pom.xml ]] || fail "'$CONTEXT' has no pom.xml"

# Java reads the home directory of the user's entry in /etc/passwd, which an assigned user does not have.
arguments=(--batch-mode --no-transfer-progress "-Duser.home=$HOME" "-Dmaven.repo.local=$HOME/.m2/repository")
# Batch mode silences Maven's own colours; plugins (surefire) ask this property.
arguments+=(-Dstyle.color=never)
if [[ -n ${MAVEN_SETTINGS:-} ]]; then
  [[ -f $MAVEN_SETTINGS/settings.xml ]] || fail "the workspace maven-settings holds no file settings.xml"
  [[ -r $MAVEN_SETTINGS/settings.xml ]] || fail "the file settings.xml of the workspace maven-settings cannot be read by user $(id -u)"
  arguments+=(--settings "$MAVEN_SETTINGS/settings.xml")
fi

# Programs that a build starts may colour all the same (Quarkus' log): a log is no terminal.
escape=$'\e'
mvn "${arguments[@]}" package 2>&1 | sed -u "s/$escape\[[0-9;]*[mK]//g" ||
  fail "mvn package of '$CONTEXT' failed with exit code ${PIPESTATUS[0]}"

#!/usr/bin/env bash
# Packages a Java application, with the modules of its project that it needs.
# Arguments: NAME=value, the environment of Maven.
# Environment: SOURCES (with the repository in tree/ and what earlier runs have downloaded in downloads/), CONTEXT (folder of the repository),
# TIMESTAMP (seconds since 1970), HOME; optional MAVEN_SETTINGS (folder with a file settings.xml), TRUST (folder with a file ca-bundle.crt).
set -euo pipefail
task=maven-package
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=../environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"
# shellcheck source-path=SCRIPTDIR source=project.sh
source "$(dirname "${BASH_SOURCE[0]}")/project.sh"
# shellcheck source-path=SCRIPTDIR source=downloads.sh
source "$(dirname "${BASH_SOURCE[0]}")/downloads.sh"
# shellcheck source-path=SCRIPTDIR source=java.sh
source "$(dirname "${BASH_SOURCE[0]}")/java.sh"

: "${SOURCES:?}" "${CONTEXT:?}" "${TIMESTAMP:?}" "${HOME:?}"
take_environment "$@"
tree=$SOURCES/tree
check_context "$tree" "$CONTEXT" ''
find_project
cd "$root"

# Java reads the home directory of the user's entry in /etc/passwd, which an assigned user does not have.
arguments=(--batch-mode --no-transfer-progress "-Duser.home=$HOME" "-Dmaven.repo.local=$SOURCES/downloads")
# Batch mode silences Maven's own colours; plugins (surefire) ask this property.
arguments+=(-Dstyle.color=never)
if [[ -n ${MAVEN_SETTINGS:-} ]]; then
  [[ -f $MAVEN_SETTINGS/settings.xml ]] || fail "the workspace maven-settings holds no file settings.xml"
  [[ -r $MAVEN_SETTINGS/settings.xml ]] || fail "the file settings.xml of the workspace maven-settings cannot be read by user $(id -u)"
  arguments+=(--settings "$MAVEN_SETTINGS/settings.xml")
fi
! use_trust || make_trust_store
export SOURCE_DATE_EPOCH=$TIMESTAMP
# https://maven.apache.org/guides/mini/guide-reproducible-builds.html. As a property of the command it would win over the project's own.
sets_output_timestamp || arguments+=("-Dproject.build.outputTimestamp=$(date --utc --date="@$TIMESTAMP" +%Y-%m-%dT%H:%M:%SZ)")
# Maven reads this variable from 3.9 on; here every version gets it.
read -r -d '' -a given <<<"$(from_environment MAVEN_ARGS || true)" || true
arguments+=("${given[@]}")
environment+=(MAVEN_ARGS=)
[[ $module == . ]] || arguments+=(--projects "$module" --also-make)

only_released_downloads
choose_maven
code=0
in_environment "${command[@]}" "${arguments[@]}" package || code=$?
[[ $code == 0 ]] || fail_with_hint "mvn package of '$CONTEXT' failed with exit code $code" "${hints[@]}"
only_released_downloads

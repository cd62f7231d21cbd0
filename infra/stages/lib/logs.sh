# What is kept of the installer's log, why it failed, and what it has left running; sourced after watch.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154 # From base.sh.

# Whoever collects what a run leaves behind, as CI does, says where.
logs=${OPENSHIFT_MULTIARCH_LOGS:-$cache/logs}

# WORK DIRECTORY LOG [failed]: keeps the end of the log, without secrets; of a failure it says the causes. See ../logs.ts.
keep_log() {
  local line
  while IFS= read -r line; do say "$line"; done < <(LOGS=$logs NODE_NO_WARNINGS=1 node --require tsx/cjs "$stages/logs.ts" "$@" 2>&1)
}

# BEGINNING...: ends installers that an earlier run has left working in folders that begin so, and what they have started. Fails when it cannot.
end_strays() {
  local ended
  ended=$(NODE_NO_WARNINGS=1 node --require tsx/cjs "$stages/strays.ts" "$@") || return 1
  [[ -z $ended ]] || say "$ended"
}

# The same, for a stage that must not begin beside them.
begin_without_strays() {
  end_strays "$@" || fail "Something of an earlier run still works on this cluster (see above), so nothing was begun."
}

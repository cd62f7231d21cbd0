# shellcheck shell=bash disable=SC2154
# The environment that a build's settings give to the program that builds, and what its log tells. Sourced after lib.sh.

# Takes the arguments of a script, NAME=value each, as the environment of what `in_environment` runs. Never as variables of the script
# itself: a NAME like `tree` would be one of its own.
take_environment() {
  local entry
  environment=("$@")
  for entry in "$@"; do
    [[ $entry =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] ||
      fail "'${entry%%=*}' in the environment is no name of a variable with a value: NAME=value, the name of letters, digits and _"
  done
}

# Value of a variable in the build's environment; fails if it is not there. The last one counts, as for env(1).
from_environment() {
  local entry value found=
  for entry in "${environment[@]}"; do
    [[ $entry != "$1"=* ]] || { value=${entry#*=} found=yes; }
  done
  [[ -n $found ]] && printf '%s' "$value"
}

# Runs a program in the build's environment and shows what it prints, which stays in $HOME/build.log as well.
in_environment() {
  local escape=$'\e'
  local code=0 reader log i
  # Programs that a build starts may colour all the same (Quarkus' log): a log is no terminal. The program alone is waited for: what it
  # leaves running would hold a pipe open for as long as it lives.
  exec {log}> >(sed -u "s/$escape\[[0-9;]*[mK]//g" | tee "$HOME/build.log" >&2)
  reader=$!
  env "${environment[@]}" "$@" >&"$log" 2>&1 {log}>&- || code=$?
  exec {log}>&-
  for ((i = 0; i < 20; i++)); do
    kill -0 "$reader" 2>/dev/null || break
    sleep 0.1
  done
  return "$code"
}

# Ends the task with $1 and what a line of the log means: pairs of a pattern (grep -E) and a sentence.
fail_with_hint() {
  local message=$1
  shift
  while (($#)); do
    if grep -qE -- "$1" "$HOME/build.log"; then fail "$message: $2"; fi
    shift 2
  done
  fail "$message"
}

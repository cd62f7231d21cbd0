# Running the installer for as long as it takes; sourced after base.sh.
# shellcheck shell=bash

# MINUTES [WHOLE]: what is worth showing of the installer's log, MINUTES after it began: errors, and a line for each milestone. Lines with a
# password are dropped; of an error it is said that there is one. With WHOLE it is an install from its beginning, and a milestone has the
# minutes after which it usually comes: read off the clocks in the logs of two installs on AWS, of 4.16 in Paris (33 minutes) and of a
# candidate of 5.0 in Frankfurt (41 minutes). The words are those of openshift/installer, cmd/openshift-install/create.go up to 4.19,
# command/waitfor.go from 4.20 on, pkg/infrastructure/clusterapi/clusterapi.go; 4.15 makes network and machines in one step.
milestones() {
  local minutes=$1 whole=${2:-} steps=()
  # BEGINNING USUAL TEXT
  step() { steps+=(-e "s/^info $1.*/[$minutes min${whole:+, usually $2}] $3/p; t"); }
  step 'Creating infrastructure resources' 0 'Creating network and load balancers'
  step 'Network infrastructure is ready' 5 'The network is there; creating the bootstrap machine and the control plane'
  step 'Waiting up to .* for the Kubernetes API' 7 "The machines run; waiting for the bootstrap machine's API server"
  step 'API v.* up' '10 to 20' 'The API server answers; the bootstrap machine sets up the control plane'
  step 'Destroying the bootstrap resources' '22 to 28' 'The control plane bears itself; removing the bootstrap machine'
  step 'Waiting up to .* to initialize' '23 to 29' 'The bootstrap machine is gone; waiting for the operators'
  step 'Waiting up to .* to ensure each cluster operator' '33 to 35' 'The operators are there; waiting until they are steady'
  step 'All cluster operators have completed' '33 to 41' 'The operators are steady; looking for the console'
  step 'Install complete' '33 to 41' 'The cluster is installed'
  sed -n -E \
    -e '/[Pp]assword|[Pp]ull ?[Ss]ecret|"auths?\\?"/{' \
    -e 's/^(time="[^"]*" )?level=(warning|error|fatal) .*/\2: (not shown, because it may hold a password or the pull secret: see the log)/p' \
    -e 'd' \
    -e '}' \
    -e 's/^(time="[^"]*" )?level=([a-z]+) msg="(.*)"$/\2 \3/; t take' \
    -e 's/^(time="[^"]*" )?level=([a-z]+) msg=/\2 /; t take' \
    -e 'd; :take' \
    -e 's/^(warning|error|fatal) (.*[^[:space:]].*)/\1: \2/p; t' \
    "${steps[@]}" \
    -e 's/^info ((Deleted|Terminated|Disassociated|Released|Stopping|Uninstallation).*)/\1/p' |
    cut -c1-300 >&2
}

milestones_of() { tail -n 400 "$1" | milestones 0 2>&1 | tail -n "$2" | tr '\n' ' '; }

# Ends a program and what it started: gently, then for good.
end_group() {
  kill -TERM -- "-$1" 2>/dev/null || return 0
  for _ in {1..600}; do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

# What the watchdog does when the script is gone, before and after it has ended the program (`gone`, `ended`): a stage says it.
orphaned() { :; }

# LOG MINUTES COMMAND...: runs a program with its output in LOG and its milestones on stderr; its exit code, 124 after MINUTES.
# Pulumi ends a stage by killing this script alone, with SIGKILL. So the program has no pipe of Pulumi's, which would keep the
# stage waiting for it, and a watchdog ends the program when this script is gone; an installer that nobody watches would go on
# making things in AWS. Its own process group keeps what it leaves running on purpose out of the watchdog's reach.
watched() {
  local log=$1 began=$SECONDS deadline=$((SECONDS + $2 * 60)) seen=0 lines status=0 whole=
  shift 2
  [[ " $* " != *" create cluster "* ]] || whole=yes
  touch "$log"
  seen=$(wc -l <"$log")
  set -m
  "$@" >>"$log" 2>&1 </dev/null &
  local child=$!
  (
    exec >/dev/null 2>&1 </dev/null
    while kill -0 $$; do
      kill -0 "$child" || exit 0
      sleep 0.5
    done
    orphaned gone
    end_group "$child"
    orphaned ended
  ) &
  set +m
  # shellcheck disable=SC2064 # The child of now.
  trap "end_group $child; exit 130" INT TERM HUP
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    lines=$(wc -l <"$log")
    if ((lines > seen)); then sed -n "$((seen + 1)),${lines}p" "$log" | milestones $(((SECONDS - began) / 60)) $whole; fi
    seen=$lines
    if ((SECONDS > deadline)); then
      end_group "$child"
      status=124
    fi
  done
  if ((status == 0)); then wait "$child" || status=$?; fi
  trap - INT TERM HUP
  sed -n "$((seen + 1)),\$p" "$log" | milestones $(((SECONDS - began) / 60)) $whole
  return "$status"
}

# Running the installer for as long as it takes; sourced after base.sh.
# shellcheck shell=bash

# What is worth showing of the installer's log: errors, and the steps that take time. Lines with a password are dropped; of an error
# it is said that there is one.
milestones() {
  sed -n -E \
    -e '/[Pp]assword|[Pp]ull ?[Ss]ecret|"auths?\\?"/{' \
    -e 's/^(time="[^"]*" )?level=(warning|error|fatal) .*/\2: (not shown, because it may hold a password or the pull secret: see the log)/p' \
    -e 'd' \
    -e '}' \
    -e 's/^(time="[^"]*" )?level=([a-z]+) msg="(.*)"$/\2 \3/; t take' \
    -e 's/^(time="[^"]*" )?level=([a-z]+) msg=/\2 /; t take' \
    -e 'd; :take' \
    -e 's/^(warning|error|fatal) /\1: /p; t' \
    -e 's/^info ((Creating|Created|Waiting|API v|Bootstrap|Destroying|It is now safe|Network infra|Control-plane|Cluster operators|All cluster operators|Install complete|Time elapsed|Deleted|Terminated|Disassociated|Stopping|Uninstallation).*)/\1/p' |
    cut -c1-300 >&2
}

milestones_of() { tail -n 400 "$1" | milestones 2>&1 | tail -n "$2" | tr '\n' ' '; }

# Ends a program and what it started: gently, then for good.
end_group() {
  kill -TERM -- "-$1" 2>/dev/null || return 0
  for _ in {1..600}; do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

# LOG MINUTES COMMAND...: runs a program with its output in LOG and its milestones on stderr; its exit code, 124 after MINUTES.
# Pulumi ends a stage by killing this script alone, with SIGKILL. So the program has no pipe of Pulumi's, which would keep the
# stage waiting for it, and a watchdog ends the program when this script is gone; an installer that nobody watches would go on
# making things in AWS. Its own process group keeps what it leaves running on purpose out of the watchdog's reach.
watched() {
  local log=$1 deadline=$((SECONDS + $2 * 60)) seen=0 lines status=0
  shift 2
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
    end_group "$child"
  ) &
  set +m
  # shellcheck disable=SC2064 # The child of now.
  trap "end_group $child; exit 130" INT TERM HUP
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    lines=$(wc -l <"$log")
    if ((lines > seen)); then sed -n "$((seen + 1)),${lines}p" "$log" | milestones; fi
    seen=$lines
    if ((SECONDS > deadline)); then
      end_group "$child"
      status=124
    fi
  done
  if ((status == 0)); then wait "$child" || status=$?; fi
  trap - INT TERM HUP
  sed -n "$((seen + 1)),\$p" "$log" | milestones
  return "$status"
}

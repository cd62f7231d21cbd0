# A clock of the stages that goes on faster, by BASH_ENV: each sleep adds FAST_CLOCK times its length to SECONDS, and takes 0.2 s at most. So a
# limit of hours comes after seconds, and the stages need nothing for it.
# shellcheck shell=bash
sleep() {
  local tenths=${1/./}
  [[ $1 == *.* ]] || tenths+=0
  SECONDS=$((SECONDS + 10#$tenths * FAST_CLOCK / 10))
  if ((10#$tenths > 2)); then command sleep 0.2; else command sleep "$1"; fi
}

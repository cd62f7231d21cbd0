# Sourced by bash before a script, through BASH_ENV: the minutes of a stage pass quickly. A `sleep` takes no time, and CLOCK seconds
# more than it says have passed when it is over; $STUB/slept has what was asked for.
# shellcheck shell=bash
sleep() {
  echo "$1" >>"$STUB/slept"
  local whole=${1%.*}
  SECONDS=$((SECONDS + ${whole:-0} + CLOCK))
  command sleep 0.02
}

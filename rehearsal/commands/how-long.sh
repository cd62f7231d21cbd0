# How long the first run takes, roughly, while there are no npm packages yet to say it better; sourced by rehearse.sh.
# shellcheck shell=bash disable=SC2154 # checkout: of who sources this

# What the caches hold is taken off: components of the toolchain by name, whatever their version.
say_how_long() {
  [ ! -d "$checkout/node_modules" ] || return 0
  local cache lane name seconds processor total=0 rest=0 digit='[0-9a-f]' key
  cache=${OPENSHIFT_MULTIARCH_HOME:-/var/lib/openshift-multiarch}/cache
  # A result is called after its component and a key of 16 digits; some components' names begin with another one's.
  key=$digit$digit$digit$digit key=$key$key$key$key
  while IFS=$'\t' read -r lane name seconds processor; do
    case "$lane" in
    compile | modules) compgen -G "$cache/toolchain/$name-$key" >/dev/null || total=$((total + processor)) ;;
    images) [ -e "$cache/images/index.json" ] || total=$((total + processor)) ;;
    machine) [ -e "$cache/python/requirements" ] || total=$((total + processor)) ;;
    start | end) rest=$((rest + seconds)) ;;
    esac
  done <"$checkout/rehearsal/machine/first-run.tsv"
  printf '%s\n' "This run takes about $(((total / $(nproc) + rest) / 60 + 1)) min on $(nproc) cores that are as fast as the reference machine's." \
    "npm's packages come first, about $(awk '/^start/ { print $4 }' "$checkout/rehearsal/machine/first-run.tsv") s; with them it says what it does, and how long that takes here." >&2
}

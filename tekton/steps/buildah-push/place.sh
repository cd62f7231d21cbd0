# shellcheck shell=bash disable=SC2154
# Gives the index `index` ($wanted in $repository) its tags.

# Whether a tag has the index already, as after a try that failed later on: registries with immutable tags refuse even the same again.
# The registry's answer for the tag is compared with its answer for the digest.
is_there() {
  local by_digest=${stored:-} by_tag
  [[ -n $by_digest ]] || by_digest=$(inspect_remote "$repository@$wanted" 2>/dev/null) || return 1
  by_tag=$(inspect_remote "$1" 2>/dev/null) && [[ -n $by_tag && $by_tag == "$by_digest" ]]
}
# Gives the index a tag; its members are there.
place() {
  local got
  if is_there "$1"; then
    echo "$1 has this image already" >&2
    return 0
  fi
  echo "pushing $1" >&2
  got=$(push index "docker://$1") || {
    echo "cannot push $1" >&2
    return 1
  }
  [[ $got == "$wanted" ]] && return 0
  echo "$1 got the digest ${got:-(none)}, not $wanted" >&2
  return 1
}

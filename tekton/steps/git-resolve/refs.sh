# shellcheck shell=bash disable=SC2034,SC2154
# What a server offers of a revision: $refs, as `git ls-remote --symref` prints it.

# Sets $default_branch and, of $REVISION, $offered, the name under which the server has it, and $ref, its full name: the same but for HEAD. All are
# empty where there is none. gitrevisions(7): a tag comes before a branch. Which one is meant, only the author knows.
read_refs() {
  local name
  default_branch=$(sed -n 's#^ref: refs/heads/\(.*\)\tHEAD$#\1#p' <<<"$refs")
  offered=
  for name in "$REVISION" "refs/$REVISION" "refs/tags/$REVISION" "refs/heads/$REVISION"; do
    if [[ -z $offered && -n $(id_of "$name") ]]; then offered=$name; fi
  done
  ref=$offered
  [[ $ref != HEAD || -z $default_branch ]] || ref=refs/heads/$default_branch
}

# Id of what is offered under the full name $1; of a tag with a message that of its commit.
id_of() {
  local id name found=
  while IFS=$'\t' read -r id name; do
    [[ $id =~ ^[0-9a-f]+$ ]] || continue
    [[ $name != "$1" || -n $found ]] || found=$id
    [[ $name != "$1^{}" ]] || found=$id
  done <<<"$refs"
  printf '%s' "$found"
}

# shellcheck shell=bash disable=SC2154
# More tags than the wanted one. Templates ($tags): {commit} is the commit's 40 digits, {commit:7} the first 7 of them (any number from 7 to
# 40), {branch} the branch or tag that was built.

# Sets $more_tags: the clone does so to find a mistake before anything is built, the push to push them. A template with {branch} is left out where a run builds a commit that was named by its id, so belongs to no branch.
fill_in_tags() {
  local template tag digits wanted=${IMAGE:-}
  wanted=${wanted##*:}
  more_tags=()
  for template in "${tags[@]}"; do
    tag=$template
    if [[ $tag == *'{branch}'* && -z ${BRANCH:-} ]]; then
      echo "leaving out the tag '$template': this run builds no branch" >&2
      continue
    fi
    if [[ $tag == *'{commit'* ]]; then
      [[ ${COMMIT:-} =~ ^[0-9a-f]{40}$ ]] || fail "the tag '$template' needs the commit's id, but the param commit is '${COMMIT:-}'"
      tag=${tag//'{commit}'/$COMMIT}
    fi
    while [[ $tag =~ \{commit:([1-9][0-9]?)\} ]]; do
      digits=${BASH_REMATCH[1]}
      [[ $digits -ge 7 && $digits -le 40 ]] || fail "the tag '$template' asks for $digits digits of the commit: 7 to 40 are possible"
      tag=${tag//"{commit:$digits}"/${COMMIT:0:digits}}
    done
    tag=${tag//'{branch}'/${BRANCH:-}}
    # https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
    [[ $tag =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$ ]] ||
      fail "'$template' gives '$tag', which is no tag: letters, digits, '_', '.', '-', at most 128 (these are ${#tag}), none of '.-' first; {commit}, {commit:7} and {branch} are filled in. Change the build's tags, or name the branch otherwise"
    [[ " ${more_tags[*]} $wanted " == *" $tag "* ]] || more_tags+=("$tag")
  done
}

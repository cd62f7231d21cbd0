# shellcheck shell=bash disable=SC2154,SC2164 # set -e is in force
# Submodules of the commit, each by itself, so that a failure has a name. $SUBMODULES: true, false, or the paths of those that are
# wanted, one a line; what is below these comes with them.

# Paths of those that are there, theirs included.
modules=()

# $1: path of the repository whose submodules they are, with a slash behind it; empty for the whole.
fetch_submodules() {
  local path wanted=$'\n'$SUBMODULES$'\n'
  cd "$tree/$1"
  while IFS= read -r -d '' path; do
    if [[ -z $1 && $SUBMODULES != true && $wanted != *$'\n'"$path"$'\n'* ]]; then
      echo "submodule $path is left out" >&2
      continue
    fi
    if [[ -z $(name_of_submodule "$path") ]]; then
      warn "the submodule '$1$path' has no address in .gitmodules, and stays an empty folder"
      continue
    fi
    fetch_submodule "$path" "$1$path"
    modules+=("$1$path")
    fetch_submodules "$1$path/"
    cd "$tree/$1"
  done < <(git ls-files --stage -z | sed -z -n -E 's/^160000 [0-9a-f]+ 0\t//p')
}

# A server may give single commits only by the name of a branch, and the one that is wanted be behind it: then all come.
fetch_submodule() {
  local address
  export GIT_LITERAL_PATHSPECS=1
  if ! patiently submodule --quiet update --init --depth 1 -- "$1"; then
    if [[ ! -e $1/.git ]] || ! patiently -C "$1" fetch --quiet --depth 2147483647 origin '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*' ||
      ! patiently submodule --quiet update -- "$1"; then
      show_log
      address=$(git config "submodule.$(name_of_submodule "$1").url" | masked)
      fail "cannot fetch the submodule '$2' from $address$(explained "$address"). A build that does not need it can name those that it does, or set submodules to false"
    fi
  fi
  unset GIT_LITERAL_PATHSPECS
}

# Name of the submodule at a path of this repository; nothing if .gitmodules has none.
name_of_submodule() {
  local entry
  [[ -f .gitmodules ]] || return 0
  while IFS= read -r -d '' entry; do
    if [[ ${entry#*$'\n'} == "$1" ]]; then
      entry=${entry%%$'\n'*}
      entry=${entry#submodule.}
      printf '%s' "${entry%.path}"
      return 0
    fi
  done < <(git config --file .gitmodules -z --get-regexp '^submodule\..*\.path$')
}

# The wanted ones that the commit does not have: a typing error, which would leave a folder empty.
check_wanted_submodules() {
  local path
  case $SUBMODULES in true | false) return 0 ;; esac
  while IFS= read -r path; do
    git ls-files --stage -- ":(literal)$path" | grep -q '^160000 ' || fail "the repository has no submodule '$path'"
  done <<<"$SUBMODULES"
}

# shellcheck shell=bash disable=SC2154,SC2034
# Which project Maven builds, and with which Maven. Sourced by maven-package.sh.

# Sets $root, the folder where Maven runs, and $module, the context's project relative to it; `.` if they are the same.
# A module is built from the topmost project that lists it: there are the modules that it needs, and the folder .mvn.
find_project() {
  local folder project
  project=$(realpath "$tree/$CONTEXT")
  [[ -f $project/pom.xml ]] || project=$(project_below "$project")
  root=$project folder=$project
  while [[ $folder != "$(realpath "$tree")" ]]; do
    folder=$(dirname "$folder")
    ! lists_module "$folder" "$root" || root=$folder
  done
  module=$(realpath --relative-to="$root" "$project")
  [[ $module == . ]] || echo "'$CONTEXT' is a module of the project in '$(realpath --relative-to="$tree" "$root")'" >&2
}

# The one folder below $1 with a pom.xml that no other one's folder holds: the context may be wider than the Java project in it.
project_below() {
  local found=() folder top
  while IFS= read -r -d '' folder; do
    for top in "${found[@]}"; do
      [[ $folder != "$top"/* ]] || continue 2
    done
    found+=("$folder")
  done < <(find "$1" -mindepth 2 -name pom.xml -not -path '*/target/*' -not -path '*/node_modules/*' -not -path '*/src/*' -printf '%h\0' | sort -z)
  case ${#found[@]} in
    1) printf '%s' "${found[0]}" ;;
    0) fail "'$CONTEXT' has no pom.xml" ;;
    *) fail "'$CONTEXT' has no pom.xml, but its folders have: $(printf "'%s' " "${found[@]#"$1"/}")" ;;
  esac
}

# A pom.xml without its comments.
pom() {
  local text
  text=$(<"$1")
  while [[ $text == *'<!--'*'-->'* ]]; do text=${text%%'<!--'*}${text#*'-->'}; done
  printf '%s' "$text"
}

# Whether the project in the folder $1 lists the one in the folder $2 as its module: a folder, or the path of a pom.xml.
lists_module() {
  local name
  [[ -f $1/pom.xml ]] || return 1
  while IFS= read -r name; do
    [[ $(realpath --quiet "$1/$name") != "$2" && $(realpath --quiet "$1/$name") != "$2/pom.xml" ]] || return 0
  done < <(pom "$1/pom.xml" | tr -d ' \t\r\n' | grep -oE '<(module|subproject)>[^<]+' | cut -d '>' -f 2)
  return 1
}

# Whether the project, or one between it and the root, says itself what time its archives get.
sets_output_timestamp() {
  local folder=$root/$module
  while true; do
    [[ ! -f $folder/pom.xml ]] || ! pom "$folder/pom.xml" | grep -q '<project\.build\.outputTimestamp>' || return 0
    [[ $(realpath "$folder") != "$(realpath "$tree")" ]] || return 1
    folder=$(dirname "$(realpath "$folder")")
  done
}

# Sets $command: the repository's wrapper, which fetches the Maven that its authors use, or else the image's Maven.
choose_maven() {
  local folder=$root wrapper=
  command=(mvn)
  while true; do
    [[ ! -f $folder/mvnw ]] || { wrapper=$folder/mvnw && break; }
    [[ $(realpath "$folder") != "$(realpath "$tree")" ]] || break
    folder=$(dirname "$folder")
  done
  [[ -n $wrapper ]] || return 0
  # By sh: a commit from Windows may lack the execute bit. Its own name for this folder; from an entry in /etc/passwd it would not be writable.
  export MAVEN_USER_HOME=$HOME/.m2
  if in_environment sh "$wrapper" "${arguments[@]}" --version; then
    command=(sh "$wrapper")
  else
    warn "./mvnw cannot get its Maven: the image's own is used. MVNW_REPOURL in the environment names another place to get it from"
  fi
}

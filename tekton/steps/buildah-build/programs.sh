# shellcheck shell=bash
# For which machine the programs are that an image starts. Read from its OCI layout: nothing of the image is run, and nothing mounted,
# which in a pod buildah can do only inside of a user namespace of its own.

declare -A kind=() layer_of=() stored=() target_of=()
declare -a wrong=()

# Blobs of the layers of the one image in a layout, the topmost first.
layers_of() {
  local manifest=$1/blobs/sha256/$2
  tr -d ' \t\n' <"$manifest" | sed 's/.*"layers":\[//; s/\].*//' | grep -o 'sha256:[0-9a-f]\{64\}' | cut -d : -f 2 | tac
}

# Reads what a layer holds, below what the layers above it hold. Only names of usual characters come through `escape` unchanged.
# A lower folder's content that a higher layer hides as a whole (.wh..wh..opq) is not forgotten: it is merely looked at for nothing.
read_layer() {
  local line type name rest path
  tar --list --verbose --gzip --numeric-owner --quoting-style=escape --file "$1" >"$HOME/files" || return 1
  while IFS= read -r line; do
    [[ $line =~ ^(.)[^\ ]*\ +[0-9]+/[0-9]+\ +[0-9,]+\ [0-9-]+\ [0-9:]+\ (.*)$ ]] || continue
    type=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]} rest=''
    case $type in
      l) rest=${name#* -> } name=${name%% -> *} ;;
      h) rest=/${name#* link to } name=${name%% link to *} ;;
    esac
    path=/${name#./}
    path=${path%/}
    if [[ ${path##*/} == .wh.* ]]; then
      type=gone path=${path%/*}/${path##*/.wh.}
    fi
    [[ -n $path && -z ${kind[$path]:-} ]] || continue
    kind[$path]=$type layer_of[$path]=$1 stored[$path]=$name target_of[$path]=$rest
  done <"$HOME/files"
}

# Path of the file that a process in the image gets for an absolute path; 1 if there is none.
resolve() {
  local rest=${1#/} path='' part hops=0
  while [[ -n $rest ]]; do
    part=${rest%%/*}
    if [[ $rest == */* ]]; then rest=${rest#*/}; else rest=''; fi
    case $part in
      '' | .) ;;
      ..) path=${path%/*} ;;
      *)
        path=$path/$part
        if [[ ${kind[$path]:-} == [lh] ]]; then
          ((++hops <= 40)) || return 1
          rest=${target_of[$path]}/$rest
          if [[ $rest == /* ]]; then path=''; else path=${path%/*}; fi
        fi
        ;;
    esac
  done
  [[ -n $path && ${kind[$path]:-} == - ]] || return 1
  printf '%s' "$path"
}

# Path of the file that a word of a command line means; $2: working folder, $3: PATH.
find_program() {
  local folder folders
  case $1 in
    /*) resolve "$1" ;;
    */*) resolve "$2/$1" ;;
    ?*)
      IFS=: read -ra folders <<<"$3"
      for folder in "${folders[@]}"; do
        [[ $folder == /* ]] || folder=$2/$folder
        resolve "$folder/$1" && return 0
      done
      return 1
      ;;
    *) return 1 ;;
  esac
}

# What a file is by its first bytes in $HOME/head: an architecture, "#!" with an interpreter's words, or nothing.
# ELF: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html, e_type and e_machine in EI_DATA's order of bytes. What is
# relocatable (ET_REL) is no program: a loader of eBPF gets such files as arguments.
nature() {
  local bytes type machine line
  read -ra bytes < <(od -An -v -tx1 -w20 -N20 "$HOME/head")
  if [[ ${bytes[*]:0:4} == '7f 45 4c 46' && ${#bytes[@]} == 20 ]]; then
    type=${bytes[17]}${bytes[16]} machine=${bytes[19]}${bytes[18]}
    [[ ${bytes[5]} != 02 ]] || type=${bytes[16]}${bytes[17]} machine=${bytes[18]}${bytes[19]}
    [[ $type != 0001 ]] || return 0
    case $machine in
      003e) echo amd64 ;;
      00b7) echo arm64 ;;
      0003) echo 386 ;;
      0028) echo arm ;;
      0015) echo ppc64le ;;
      0016) echo s390x ;;
      00f3) echo riscv64 ;;
      *) echo "machine 0x$machine" ;;
    esac
  elif [[ ${bytes[*]:0:2} == '23 21' ]]; then
    IFS= read -r line < <(tr -d '\0\r' <"$HOME/head") || true
    printf '#!%s\n' "${line:2}"
  fi
}

# Notes in $wrong if the file $1 of the image, or the interpreter that it names, is a program for another machine than $2.
# $3: working folder, $4: PATH, $5: who starts it.
check_file() {
  local path=$1 what words interpreter
  { tar --extract --gzip --to-stdout --file "${layer_of[$path]}" -- "${stored[$path]}" 2>/dev/null || true; } | head -c 4096 >"$HOME/head"
  what=$(nature)
  case $what in
    '' | "$2") ;;
    386) [[ $2 == amd64 ]] || wrong+=("$path$5 is a program for 386") ;; # which x86-64 runs as well
    '#!'*)
      read -ra words <<<"${what:2}"
      interpreter=${words[0]:-}
      if [[ ${interpreter##*/} == env ]]; then # env -S NAME=value program
        for interpreter in "${words[@]:1}" ''; do [[ $interpreter == -* || $interpreter == *=* ]] || break; done
      fi
      if [[ ${#5} -lt 500 ]] && interpreter=$(find_program "$interpreter" "$3" "$4"); then
        check_file "$interpreter" "$2" "$3" "$4" " (for $path)$5"
      fi
      ;;
    *) wrong+=("$path$5 is a program for $what") ;;
  esac
}

# Program of a shell's command line: its first word behind `exec` and NAME=value, if that is a plain one.
first_word() {
  local words word
  read -ra words <<<"${1//$'\n'/ ; }"
  for word in "${words[@]}"; do
    [[ $word != exec && ! $word =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] || continue
    [[ ! $word =~ ^[A-Za-z0-9_./+-]+$ ]] || printf '%s' "$word"
    return 0
  done
}

# check_programs LAYOUT MANIFEST(sha256) ARCHITECTURE WORKDIR PATH ARGV...: looks at every file that the image's entry point and command
# name, at the program in a shell's command line, and at the interpreters of scripts. Sets $wrong.
check_programs() {
  local layout=$1 manifest=$2 architecture=$3 folder=${4:-/} search=$5 layer layers word program previous='' number=0
  shift 5
  layers=$(layers_of "$layout" "$manifest") || return 1
  for layer in $layers; do
    read_layer "$layout/blobs/sha256/$layer" || return 1
  done
  for word in "$@"; do
    [[ ! $previous =~ ^-[a-z]*c$ ]] || word=$(first_word "$word")
    if program=$(find_program "$word" "$folder" "$search"); then
      check_file "$program" "$architecture" "$folder" "$search" ''
    elif [[ $number == 0 ]]; then
      warn "the image has no file '$word', which it starts"
    fi
    previous=$word
    number=$((number + 1))
  done
}

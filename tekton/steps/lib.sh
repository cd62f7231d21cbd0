# shellcheck shell=bash disable=SC2154
# What the tasks' scripts have in common. A Task holds one text: `script` in shared.ts puts this one in the place of the line
# that sources it. The script sets $task, its name in messages.

fail() {
  echo "$task: $*" >&2
  exit 1
}

# What does not stop a build, but makes the image another one than its author may think.
warn() {
  echo "$task: warning: $*" >&2
}

# Lets buildah read the registry credentials of the workspace, if the run binds it.
# A Secret of type kubernetes.io/dockerconfigjson calls the file .dockerconfigjson; both files have the same format.
use_dockerconfig() {
  local file
  [[ -n ${DOCKERCONFIG:-} ]] || return 0
  for file in config.json .dockerconfigjson; do
    [[ -f $DOCKERCONFIG/$file ]] || continue
    [[ -r $DOCKERCONFIG/$file ]] || fail "the file $file of the workspace dockerconfig cannot be read by user $(id -u)"
    [[ -s $DOCKERCONFIG/$file ]] || fail "the file $file of the workspace dockerconfig is empty"
    export REGISTRY_AUTH_FILE=$DOCKERCONFIG/$file
    return 0
  done
  fail "the workspace dockerconfig holds neither config.json nor .dockerconfigjson"
}

# Sorts a step's arguments into the lists that $1 names: each list is led by `--<name>` and becomes an array (build-args: build_args).
# An element that has the looks of such a name and is none of them is an element.
read_lists() {
  local known=" $1 " argument current=''
  shift
  for argument in $known; do declare -ga "${argument//-/_}=()"; done
  for argument; do
    if [[ $argument == --?* && $argument != *' '* && $known == *" ${argument#--} "* ]]; then
      current=${argument#--}
      continue
    fi
    [[ -n $current ]] || fail "argument '$argument' belongs to no list"
    local -n list=${current//-/_}
    list+=("$argument")
    unset -n list
  done
}

# Lets programs trust the certificate authorities of the workspace `trust` besides the system's: makes $HOME/ca.pem of both, which
# SSL_CERT_FILE names for what is written in Go or linked with OpenSSL. Returns 1 if the run binds no such workspace.
use_trust() {
  local file
  [[ -n ${TRUST:-} ]] || return 1
  [[ -s $TRUST/ca-bundle.crt ]] || fail "the workspace trust has no file ca-bundle.crt, or an empty one"
  grep -q -e '-----BEGIN CERTIFICATE-----' "$TRUST/ca-bundle.crt" || fail "the file ca-bundle.crt of the workspace trust holds no certificate in PEM format"
  : >"$HOME/ca.pem"
  # Where Red Hat's, Debian's and Alpine's images keep them.
  for file in "${SSL_CERT_FILE:-}" /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/certs/ca-certificates.crt /etc/ssl/cert.pem; do
    [[ -s $file && $file != "$HOME/ca.pem" ]] || continue
    cat "$file" >"$HOME/ca.pem"
    break
  done
  { echo && cat "$TRUST/ca-bundle.crt"; } >>"$HOME/ca.pem"
  export SSL_CERT_FILE=$HOME/ca.pem
}

# Adds to the image's own settings of registries (containers-registries.conf.d(5)): a short name means docker.io, as for Docker, where Red Hat's
# images refuse it; the registries named as arguments are asked by plain http, or https with any certificate.
use_registries() {
  local file=$HOME/.config/containers/registries.conf.d/zz-build.conf host
  mkdir -p "${file%/*}"
  printf 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n' >"$file"
  for host; do
    [[ $host =~ ^[A-Za-z0-9.-]+(:[0-9]+)?$ ]] || fail "insecure registry '$host' is not a host or host:port"
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$host" >>"$file"
  done
}

# Lays the files of $ARCHIVE, an archive of the volume $SHARED, into the pod's own folder $SOURCES, unless an earlier step of the pod has.
# Between tasks goes one file: many small ones are slow on a file system over the network. Sets $tree, the folder with the files.
unpack_sources() {
  local tool
  tree=$SOURCES/tree
  [[ ! -d $tree ]] || return 0
  for tool in tar gzip; do command -v "$tool" >/dev/null || fail "the task's image has no $tool: sources cannot be unpacked"; done
  [[ -f $SHARED/$ARCHIVE ]] || fail "the shared volume has no archive '$ARCHIVE'"
  # OpenShift's pods have an fsGroup, which makes their volumes setgid: folders would hand that on to images.
  umask 022
  rm -rf "$tree.tmp"
  mkdir "$tree.tmp"
  chmod g-s "$tree.tmp"
  tar --extract --gzip --no-same-owner --no-same-permissions --file "$SHARED/$ARCHIVE" --directory "$tree.tmp" ||
    fail "the archive '$ARCHIVE' cannot be unpacked"
  mv "$tree.tmp" "$tree"
}

# Packs the folder $1 into the archive $2 of the volume $SHARED, which other tasks see whole or not at all. Equal files give equal archives.
pack_sources() {
  local file=$SHARED/$2
  rm -f "$file" "$file.tmp"
  tar --create --sort=name --owner=0 --group=0 --numeric-owner --directory "$1" . | gzip --fast --no-name >"$file.tmp" ||
    fail "the archive '$2' cannot be written"
  mv "$file.tmp" "$file"
}

# Digest of the one image in an OCI layout; nothing if it holds none or several.
digest_of_layout() {
  local digests
  digests=$(tr -d ' \t\n' <"$1/index.json" | grep -o '"digest":"sha256:[0-9a-f]\{64\}"' | cut -d '"' -f 4) || true
  [[ $digests == *$'\n'* ]] || printf '%s' "$digests"
}

# Digest of the configuration that an image's manifest ($1) names, without its `sha256:`; nothing if it names none.
config_of_manifest() {
  tr -d ' \t\n' <"$1" | sed -n 's/.*"config":{[^}]*"digest":"sha256:\([0-9a-f]\{64\}\)".*/\1/p'
}

# Whether a folder of the sources is usable as $1 says: inside of $2 even when links are followed, so that no link of a repository
# leads to another file of the pod.
is_inside() {
  local real root
  real=$(realpath -e -- "$1" 2>/dev/null) && root=$(realpath -e -- "$2" 2>/dev/null) || return 1
  [[ $real == "$root" || $real == "$root"/* ]]
}

# Names what the repository does not have. $1: folder with its files; $2: the context in it; $3: the Containerfile in that, from the
# repository's root if it begins with /, or nothing. Sets $containerfile; a Dockerfile stands in for a Containerfile that there is not.
check_context() {
  local folder=$1/$2 name=$3 place="folder '$2'"
  [[ -d $1/$2 ]] || fail "the repository has no folder '$2'$(suggestion "$1" "$2" d)"
  is_inside "$1/$2" "$1" || fail "the folder '$2' leads out of the repository"
  [[ -n $3 ]] || return 0
  [[ $3 != /* ]] || folder=$1 name=${3#/} place=repository
  if [[ ! -f $folder/$name && ${name##*/} == Containerfile && -f $folder/${name%Containerfile}Dockerfile ]]; then
    name=${name%Containerfile}Dockerfile
  fi
  [[ -f $folder/$name ]] || fail "the $place has no file '$name'$(suggestion "$folder" "$name" f)"
  is_inside "$folder/$name" "$1" || fail "the file '$name' of the $place leads out of the repository"
  # shellcheck disable=SC2034 # for the script
  containerfile=$folder/$name
}

# What stands where a folder (d) or file (f) was looked for: names that differ in case alone, and Dockerfiles.
suggestion() {
  local wanted=${2##*/} folder=$1 entry names=()
  [[ $2 != */* ]] || folder=$1/${2%/*}
  [[ -d $folder ]] || return 0
  for entry in "$folder"/*; do
    [[ -e $entry && ($3 == f && -f $entry || $3 == d && -d $entry) ]] || continue
    entry=${entry##*/}
    if [[ ${entry,,} == "${wanted,,}" || $3 == f && ${entry,,} =~ ^(containerfile|dockerfile)(\.|$) ]]; then names+=("'$entry'"); fi
  done
  [[ ${#names[@]} -eq 0 ]] || printf ', but %s' "${names[*]}"
}

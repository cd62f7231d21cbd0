# shellcheck shell=bash disable=SC1003,SC2154
# Access to private repositories: what the workspace git-credentials holds, in the forms that git and ssh read. None of it gets
# into arguments, into the configuration of a repository, or into what is printed.

# Sets the folder $credentials up and tells git of it. Without the workspace nothing is answered.
use_credentials() {
  credentials=$HOME/credentials
  rm -rf "$credentials" "$HOME/.gitconfig"
  (umask 077 && mkdir "$credentials")
  trap 'rm -rf "$credentials"' EXIT
  export GIT_CONFIG_GLOBAL=$HOME/.gitconfig
  touch "$credentials"/{all,hosts,secrets,used}
  git config --global credential.helper ''
  if [[ -n ${GIT_CREDENTIALS:-} ]]; then (umask 077 && read_workspace); fi
  if [[ -s $credentials/all ]]; then
    write_program helper answer
    git config --global --add credential.helper "!bash '$credentials/helper'"
    git config --global credential.useHttpPath true
  fi
  use_ssh
}

# A function as a program of its own: git starts what answers it.
write_program() {
  { declare -f "$2" && printf '%s "$@"\n' "$2"; } >"$credentials/$1"
}

read_workspace() {
  local name known=()
  for name in .git-credentials username password ssh-privatekey id_ed25519 id_ecdsa id_rsa known_hosts; do
    [[ -f $GIT_CREDENTIALS/$name ]] || continue
    [[ -r $GIT_CREDENTIALS/$name ]] || fail "the file $name of the workspace git-credentials cannot be read by user $(id -u)"
    known+=("$name")
    # Editors of other systems end lines with a carriage return; ssh takes no key whose last line has no end.
    case $name in
      username | password) ;;
      *) tr -d '\r' <"$GIT_CREDENTIALS/$name" | sed -e '$a\' >"$credentials/$name" ;;
    esac
    case $name in
      .git-credentials) read_lines ;;
      username | password) check_pair ;;&
      password) read_basic_auth ;;
      ssh-privatekey | id_*) check_key "$name" ;;
    esac
  done
  [[ ${#known[@]} -gt 0 ]] ||
    fail "the workspace git-credentials holds neither .git-credentials, username and password, nor ssh-privatekey and known_hosts"
}

# Lines of the form that `git credential-store` has. Those without a path hold for their whole host.
read_lines() {
  local line number=0
  while IFS= read -r line; do
    number=$((number + 1))
    [[ -n $line && $line != '#'* ]] || continue
    [[ $line =~ ^(https?)://([^/:@[:space:]]+):([^/@[:space:]]+)@([^/@?#[:space:]]+)(/[^?#[:space:]]*)?$ ]] ||
      fail "line $number of .git-credentials in the workspace git-credentials is not https://USER:TOKEN@HOST (with %40 and the like for what is special in addresses)"
    keep_secret "${BASH_REMATCH[3]}"
    # One file is for all builds: what another one may send is no fault of this one, and is not sent.
    if [[ ${BASH_REMATCH[1]} == http && $INSECURE != true && ($URL != http://* || $(host_of "$URL") != "${BASH_REMATCH[4]}") ]]; then continue; fi
    allow_scheme "${BASH_REMATCH[1]}" "${BASH_REMATCH[4]}"
    printf '%s\n' "$line" >>"$credentials/all"
    [[ ${BASH_REMATCH[5]:-/} != / ]] || printf '%s\n' "${line%/}" >>"$credentials/hosts"
    through_https "${BASH_REMATCH[1]}" "${BASH_REMATCH[4]}"
  done <"$credentials/.git-credentials"
}

check_pair() {
  [[ -f $GIT_CREDENTIALS/username && -f $GIT_CREDENTIALS/password ]] ||
    fail "the workspace git-credentials holds one of username and password without the other"
}

# A Secret of type kubernetes.io/basic-auth names no host: it is for that of the repository.
read_basic_auth() {
  local user password scheme=${URL%%://*} host
  [[ $URL == http*://* ]] || return 0
  host=$(host_of "$URL")
  allow_scheme "$scheme" "$host"
  user=$(encoded <"$GIT_CREDENTIALS/username")
  password=$(encoded <"$GIT_CREDENTIALS/password")
  printf '%s://%s:%s@%s\n' "$scheme" "$user" "$password" "$host" | tee -a "$credentials/all" >>"$credentials/hosts"
  keep_secret "$password"
  through_https "$scheme" "$host"
}

# Every byte as addresses write it, but for the last end of line.
encoded() {
  local text
  text=$(cat)
  printf '%s' "$text" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}

allow_scheme() {
  [[ $1 == https || $INSECURE == true ]] ||
    fail "the credentials for $2 would go over http://, for everybody on the way to read: use https://, or name $2 in namespace.insecureRegistries (the task's parameter insecure)"
}

# As it is written and as it is meant: what `masked` takes out of messages.
keep_secret() {
  local meant=${1//\\/\\\\}
  printf '%s\n%b\n' "$1" "${meant//%/\\x}" >>"$credentials/secrets"
}

# Who has a token and no key means the token, also where a .gitmodules says ssh.
through_https() {
  local name
  [[ $1 == https ]] || return 0
  for name in ssh-privatekey id_ed25519 id_ecdsa id_rsa; do [[ ! -f $GIT_CREDENTIALS/$name ]] || return 0; done
  git config --global --get-all "url.https://$2/.insteadOf" >/dev/null ||
    for name in "git@$2:" "ssh://git@$2/"; do git config --global --add "url.https://$2/.insteadOf" "$name"; done
}

check_key() {
  local key=$credentials/$1
  grep -q -- '-----BEGIN .*PRIVATE KEY-----' "$key" || fail "the file $1 of the workspace git-credentials is no private key for ssh"
  # openssh-portable, PROTOCOL.key: the name of the cipher stands first.
  if grep -q ENCRYPTED "$key" || { grep -q 'BEGIN OPENSSH' "$key" && ! grep -aq none < <(sed -n 2p "$key" | base64 --decode 2>/dev/null); }; then
    fail "the key $1 of the workspace git-credentials has a passphrase, which nobody can type here: use a key without one, for this purpose alone"
  fi
  [[ -s $GIT_CREDENTIALS/known_hosts ]] ||
    fail "the workspace git-credentials holds the key $1 and no known_hosts: whoever answers would be taken for the server. Add the lines of ssh-keyscan HOST, compared with what the server's operator publishes"
}

use_ssh() {
  local protocols=git:http:https
  if compgen -G "$credentials/ssh-privatekey" >/dev/null || compgen -G "$credentials/id_*" >/dev/null; then
    command -v ssh >/dev/null || fail "the workspace git-credentials holds a key for ssh, and the task's image has no ssh"
    write_program ssh speak_ssh
    export GIT_SSH_COMMAND="bash '$credentials/ssh'" GIT_SSH_VARIANT=ssh
    protocols+=:ssh
  elif [[ $(scheme_of "$URL") == ssh ]] && [[ $(git ls-remote --get-url "$URL") == "$URL" ]]; then
    fail "$URL is read with a key: gitCredentials needs sshKey and knownHosts, or a line for https://$(host_of "$URL")"
  fi
  export GIT_ALLOW_PROTOCOL=${GIT_ALLOW_PROTOCOL:-$protocols}
}

# Program: ssh with the keys, for servers of known_hosts alone. ssh wants a name for its user (ssh.c: getpwuid). CRI-O writes one into
# /etc/passwd (utils.GeneratePasswd), other runtimes do not.
speak_ssh() {
  local folder=${0%/*} key keys=() environment=()
  if ! id -un >/dev/null 2>&1; then
    if [[ -w /etc/passwd ]]; then
      printf 'build:x:%s:%s::%s:/sbin/nologin\n' "$(id -u)" "$(id -g)" "$HOME" >>/etc/passwd
    else
      { cat /etc/passwd && printf 'build:x:%s:%s::%s:/sbin/nologin\n' "$(id -u)" "$(id -g)" "$HOME"; } >"$folder/passwd"
      environment=(LD_PRELOAD=libnss_wrapper.so "NSS_WRAPPER_PASSWD=$folder/passwd" NSS_WRAPPER_GROUP=/etc/group)
      env "${environment[@]}" id -un >/dev/null 2>&1 || {
        echo "ssh refuses user $(id -u), who has no entry in /etc/passwd: the container runtime adds none (CRI-O does), and the image has no nss_wrapper. Use an https:// address with a token, or a namespace.taskImages.nodejs with nss_wrapper" >&2
        exit 255
      }
    fi
  fi
  for key in "$folder"/ssh-privatekey "$folder"/id_*; do [[ ! -f $key ]] || keys+=(-i "$key"); done
  exec env "${environment[@]}" ssh "${keys[@]}" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o ForwardAgent=no \
    -o StrictHostKeyChecking=yes -o "UserKnownHostsFile=$folder/known_hosts" -o GlobalKnownHostsFile=/dev/null -o UpdateHostKeys=no \
    -o ConnectTimeout=30 -o ServerAliveInterval=20 -o ServerAliveCountMax=3 "$@"
}

# Program: git's question for user and password (gitcredentials(7)), answered for the longest path that has an entry, else for the host.
# `git credential-store` compares; it is not asked to keep or to forget, which would change the file.
answer() {
  local folder=${0%/*} asked path found='' question
  [[ $1 == get ]] || return 0
  question=$(cat)
  asked=$(grep -E '^(protocol|host|username)=' <<<"$question")
  path=$(sed -n 's/^path=//p' <<<"$question")
  while [[ -n $path && -z $found ]]; do
    found=$(printf '%s\npath=%s\n\n' "$asked" "$path" | git credential-store --file "$folder/all" get)
    if [[ $path == *.git ]]; then path=${path%.git}; elif [[ $path == */* ]]; then path=${path%/*}; else path=; fi
  done
  [[ -n $found ]] || found=$(printf '%s\n\n' "$asked" | git credential-store --file "$folder/hosts" get)
  [[ -n $found ]] || return 0
  sed -n 's/^host=//p' <<<"$question" >>"$folder/used"
  printf '%s\n' "$found"
}

# What git, ssh or a server said, without users of addresses and without the secrets themselves.
masked() {
  local text secret
  text=$(sed -E 's#(https?://)[^/@[:space:]]*@#\1#g; s#(ssh://[^/@:[:space:]]*):[^/@[:space:]]*@#\1@#g')
  while IFS= read -r secret; do
    [[ -z $secret ]] || text=${text//"$secret"/***}
  done <"$credentials/secrets"
  printf '%s\n' "$text"
}

scheme_of() {
  if [[ $1 =~ ^([a-z][a-z0-9+.-]*):: || $1 =~ ^([a-z][a-z0-9+.-]*):// ]]; then echo "${BASH_REMATCH[1]}"; else echo ssh; fi
}

# Host of an address, with its port if it has one.
host_of() {
  local rest=${1#*://}
  rest=${rest%%/*}
  rest=${rest##*@}
  if [[ $1 == *://* ]]; then echo "$rest"; elif [[ $rest =~ ^\[[^]]*\] ]]; then echo "${BASH_REMATCH[0]}"; else echo "${rest%%:*}"; fi
}

# What a server says where there is no such repository, or none for this user: git itself, git daemon (daemon.c, daemon_error), GitHub, GitLab,
# Bitbucket, Forgejo and Azure DevOps.
no_such='returned error: 40[134]|not found|could not be found|does not (exist|appear to be)|access denied|no such repository|repository not exported|have permission'
# What git and ssh say where nobody answers.
no_answer='could not resolve host|unable to look up|connection (refused|timed out)|no route to host|network is unreachable|failed to connect'

said() { grep -qiE "$1" "$HOME/git.log"; }

# What a server's refusal means, and what helps. $1: the address; what was said is in $HOME/git.log.
explained() {
  local address host
  address=$(git ls-remote --get-url "$1")
  host=$(host_of "$address")
  if said 'host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED'; then
    echo ": the knownHosts of gitCredentials lacks the key that $host shows. Add the lines of ssh-keyscan, compared with what the server's operator publishes"
  elif said 'permission denied \('; then
    echo ": $host takes no key of gitCredentials. Add its public half there, as a deploy key"
  elif said "transport 'ssh' not allowed"; then
    echo ": it is read with a key, which gitCredentials lacks: sshKey and knownHosts, or a line for https://$host"
  elif said 'certificate'; then
    echo ": no authority that is trusted here has signed the certificate of $host. Add it to the trust bundle"
  elif said "$no_answer"; then
    echo ": $host cannot be reached from here: its name, or a firewall or proxy between the cluster and it"
  elif said "could not read Username|authentication failed|$no_such"; then
    if [[ $(scheme_of "$address") == git ]]; then
      echo ": $host has no such repository, or gives it to nobody over git://. An https:// or ssh address can have credentials"
    elif [[ $(scheme_of "$address") == ssh ]]; then
      echo ": it does not exist, or the key of gitCredentials may not read it"
    elif grep -qxF -- "$host" "$credentials/used"; then
      echo ": $host refuses the entry that gitCredentials has for it, which may have expired or may not read this repository, or it does not exist"
    else
      echo ": it does not exist or is not public, and gitCredentials has no entry for $host, a line https://USER:TOKEN@$host"
    fi
  fi
}

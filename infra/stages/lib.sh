# Shared by the stages; sourced. In: CLUSTER, OPENSHIFT_VERSION, OPENSHIFT_MIRROR.
# shellcheck shell=bash
set -euo pipefail
umask 077

stages=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/openshift-multiarch"
work="$cache/${CLUSTER:?}"

# Lines stay short: Pulumi's command plugin stops reading at one of 64 KiB.
say() { printf '%s\n' "$*" | cut -c1-1000 >&2; }
fail() {
  say "$@"
  exit 1
}
documents() { node --require tsx/cjs "$stages/documents.ts" "$@"; }

# The installer keeps the same files several times over, which only a compressor with a large window sees: half of what gzip makes.
pack() {
  tar -cf - -C "$1" . |
    node -e 'const z = require("zlib"); process.stdin.pipe(z.createBrotliCompress({ params: { [z.constants.BROTLI_PARAM_QUALITY]: 9, [z.constants.BROTLI_PARAM_LGWIN]: 24 } })).pipe(process.stdout)'
}
unpack() { node -e 'process.stdin.pipe(require("zlib").createBrotliDecompress()).pipe(process.stdout)' | tar -xf - -C "$1"; }

# ---------------------------------------------------------------- tools

installer_report() { "$1" version 2>/dev/null || true; }
# Of such a report on stdin. The architecture of a build from source is "" or "unknown"; the installer looks again when it matters.
installer_version() { sed -n '1s/.*[[:space:]]v\{0,1\}\([^[:space:]]*\)$/\1/p'; }
release_architecture() { sed -n 's/^release architecture //p'; }

# Whether a program is the installer of the stack's version, for all architectures as far as it knows.
right_installer() {
  local report architecture
  report=$(installer_report "$1")
  [[ "$(installer_version <<<"$report")" == "$OPENSHIFT_VERSION" ]] || return 1
  architecture=$(release_architecture <<<"$report")
  case "$architecture" in
    multi | "" | unknown) ;;
    *)
      say "$1 has the right version, but its release is for $architecture only."
      return 1
      ;;
  esac
}

# Whether a client is near enough to the cluster: one minor version apart, as kubectl's skew policy says. kubectl itself does.
right_client() {
  local minor
  minor=$("$1" version --client -o json 2>/dev/null | sed -n 's/.*"releaseClientVersion": *"[0-9]*\.\([0-9]*\)\..*/\1/p' || true)
  [[ -z "$minor" ]] && return 0
  local wanted=${OPENSHIFT_VERSION#*.}
  wanted=${wanted%%.*}
  ((minor - wanted <= 1 && wanted - minor <= 1))
}

# Sets installer and client: from PATH if they are right, else from the cache, else downloaded.
ensure_tools() {
  local found tools="$cache/tools/$OPENSHIFT_VERSION"
  installer=$tools/openshift-install
  client=$tools/oc
  if found=$(command -v openshift-install) && right_installer "$found"; then installer=$found; fi
  if found=$(command -v oc); then
    if right_client "$found"; then client=$found; fi
  elif [[ ! -x $client ]] && found=$(command -v kubectl); then
    client=$found
  fi
  [[ -x $installer ]] || download install openshift-install
  [[ -x $client ]] || download client oc
}

# Red Hat's release key 2, which signs the sums of releases: https://access.redhat.com/security/team/key
signing_key=567E347AD0044ADE55BA8A5F199E2F91FD431D51
signing_key_address=https://access.redhat.com/security/data/fd431d51.txt

fetch() { curl --fail --silent --show-error --location --proto '=https' --retry 3 --output "$2" "$1" || fail "Cannot download $1. Behind a proxy, set HTTPS_PROXY; for a mirror of your own, set cluster.mirror."; }
sum_of() { awk -v name="$2" '$2 == name || $2 == "*" name { print $1 }' "$1"; }
check_sum() {
  local expected actual
  expected=$(sum_of "$1" "$2")
  actual=$( (sha256sum "$3" 2>/dev/null || shasum -a 256 "$3") | cut -d' ' -f1)
  [[ -n "$expected" && "$expected" == "$actual" ]] || fail "$2 from $OPENSHIFT_MIRROR is not what Red Hat signed: its SHA-256 sum is $actual, expected ${expected:-one in the signed list, which has none}."
}

# KIND PROGRAM: openshift-KIND-<system>-<version>.tar.gz, after its sums and their signature. Only the sums of the folders are
# signed; the sums in a folder are covered by those.
download() (
  local system machine folder archive tools="$cache/tools/$OPENSHIFT_VERSION" temporary
  case "$(uname -s)" in Linux) system=linux ;; Darwin) system=mac ;; *) fail "There is no openshift-$1 for $(uname -s)." ;; esac
  case "$(uname -m)" in x86_64) machine=amd64 ;; aarch64 | arm64) machine=arm64 ;; *) fail "There is no openshift-$1 for $(uname -m)." ;; esac
  command -v gpg >/dev/null || fail "gpg is needed to check openshift-$1 $OPENSHIFT_VERSION: install GnuPG, or put $2 $OPENSHIFT_VERSION on PATH."
  command -v curl >/dev/null || fail "curl is needed to download openshift-$1 $OPENSHIFT_VERSION."
  folder=$machine
  [[ $system == mac && $machine == arm64 ]] && system=mac-arm64
  archive="openshift-$1-$system-$OPENSHIFT_VERSION.tar.gz"
  say "Downloading $archive from $OPENSHIFT_MIRROR"
  mkdir -p "$tools"
  temporary=$(mktemp -d "$tools/download.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  fetch "$OPENSHIFT_MIRROR/sha256sum.txt" "$temporary/all"
  fetch "$OPENSHIFT_MIRROR/sha256sum.txt.gpg" "$temporary/all.gpg"
  fetch "$OPENSHIFT_MIRROR/$folder/sha256sum.txt" "$temporary/folder"
  fetch "$OPENSHIFT_MIRROR/$folder/$archive" "$temporary/archive"
  fetch "$signing_key_address" "$temporary/key"
  check_signature "$temporary"
  check_sum "$temporary/signed" "$folder/sha256sum.txt" "$temporary/folder"
  check_sum "$temporary/folder" "$archive" "$temporary/archive"
  tar -xzf "$temporary/archive" -C "$temporary" "$2"
  chmod 755 "$temporary/$2"
  mv -f "$temporary/$2" "$tools/$2"
)

# DIRECTORY: all.gpg, inline or detached, must be good under the one key. Leaves the list that was signed in `signed`.
check_signature() {
  local home="$1/gnupg"
  mkdir "$home"
  gpg --homedir "$home" --batch --quiet --import "$1/key" 2>/dev/null || fail "Cannot read Red Hat's signing key from $signing_key_address."
  if gpg --homedir "$home" --batch --status-fd 3 --output "$1/signed" --decrypt "$1/all.gpg" 3>"$1/status" 2>/dev/null; then
    :
  elif gpg --homedir "$home" --batch --status-fd 3 --verify "$1/all.gpg" "$1/all" 3>"$1/status" 2>/dev/null; then
    cp "$1/all" "$1/signed"
  fi
  # The last field of VALIDSIG is the fingerprint of the primary key.
  if ! grep -q "^\[GNUPG:\] VALIDSIG .*$signing_key\$" "$1/status" || [[ ! -s "$1/signed" ]]; then
    fail "sha256sum.txt from $OPENSHIFT_MIRROR is not signed by Red Hat's release key 2 ($signing_key)."
  fi
}

# ---------------------------------------------------------------- long programs

# What is worth showing of the installer's log: errors, and the steps that take time. Lines with a password are dropped.
milestones() {
  sed -n -E \
    -e '/[Pp]assword|[Pp]ull ?[Ss]ecret|"auths?"/d' \
    -e 's/^(time="[^"]*" )?level=([a-z]+) msg="(.*)"$/\2 \3/; t take' \
    -e 's/^(time="[^"]*" )?level=([a-z]+) msg=/\2 /; t take' \
    -e 'd; :take' \
    -e 's/^(warning|error|fatal) /\1: /p; t' \
    -e 's/^info ((Creating|Created|Waiting|API v|Bootstrap|Destroying|It is now safe|Network infra|Control-plane|Cluster operators|All cluster operators|Install complete|Time elapsed|Deleted|Terminated|Disassociated|Stopping|Uninstallation).*)/\1/p' |
    cut -c1-300 >&2
}

# Ends a program and what it started: gently, then for good.
end_group() {
  kill -TERM -- "-$1" 2>/dev/null || return 0
  for _ in {1..600}; do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

# LOG MINUTES COMMAND...: runs a program with its output in LOG and its milestones on stderr; its exit code, 124 after MINUTES.
# Pulumi ends a stage by killing this script alone, with SIGKILL. So the program has no pipe of Pulumi's, which would keep the
# stage waiting for it, and a watchdog ends the program when this script is gone; an installer that nobody watches would go on
# making things in AWS. Its own process group keeps what it leaves running on purpose out of the watchdog's reach.
watched() {
  local log=$1 deadline=$((SECONDS + $2 * 60)) seen=0 lines status=0
  shift 2
  touch "$log"
  seen=$(wc -l <"$log")
  set -m
  "$@" >>"$log" 2>&1 </dev/null &
  local child=$!
  (
    exec >/dev/null 2>&1 </dev/null
    while kill -0 $$; do
      kill -0 "$child" || exit 0
      sleep 0.5
    done
    end_group "$child"
  ) &
  set +m
  # shellcheck disable=SC2064 # The child of now.
  trap "end_group $child; exit 130" INT TERM HUP
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    lines=$(wc -l <"$log")
    if ((lines > seen)); then sed -n "$((seen + 1)),${lines}p" "$log" | milestones; fi
    seen=$lines
    if ((SECONDS > deadline)); then
      end_group "$child"
      status=124
    fi
  done
  if ((status == 0)); then wait "$child" || status=$?; fi
  trap - INT TERM HUP
  sed -n "$((seen + 1)),\$p" "$log" | milestones
  return "$status"
}

# ---------------------------------------------------------------- the cluster's remains

# METADATA ACCOUNT: removes every AWS object of the cluster. With credentials of another account the installer finds nothing,
# says that all is well and deletes its files (openshift/installer issue 4428), so the account is compared first.
remove_cluster() {
  local directory account log status=0
  # The installer and the AWS CLI take a private authority from AWS_CA_BUNDLE, Node.js from a variable of its own.
  account=$(METADATA=$1 NODE_EXTRA_CA_CERTS=${AWS_CA_BUNDLE:-${NODE_EXTRA_CA_CERTS:-}} NODE_NO_WARNINGS=1 node --require tsx/cjs "$stages/account.ts") ||
    fail "Cannot tell which AWS account the credentials belong to, so nothing was deleted. Check the credentials and try again."
  [[ "$account" == "$2" ]] ||
    fail "The cluster is in the AWS account $2, but the credentials are for $account. Nothing was deleted: use credentials of $2."
  mkdir -p "$work"
  directory=$(mktemp -d "$work/destroy.XXXXXX")
  log="$directory.log"
  printf '%s\n' "$1" >"$directory/metadata.json"
  watched "$log" "${DESTROY_MINUTES:?}" "$installer" destroy cluster --dir "$directory" --log-level=info || status=$?
  case "$status" in
    0) rm -rf "$directory" "$log" ;;
    124) fail "The cluster was not gone after $DESTROY_MINUTES minutes (cluster.destroyMinutes). The last thing that the installer waits for: $(milestones_of "$log" 3) - delete it by hand if it is not the cluster's own, then run pulumi destroy again. Log: $log" ;;
    *) fail "openshift-install destroy cluster ended with exit code $status. Run pulumi destroy again. Log: $log" ;;
  esac
}

milestones_of() { tail -n 400 "$1" | milestones 2>&1 | tail -n "$2" | tr '\n' ' '; }

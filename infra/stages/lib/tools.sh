# The installer, a client and, where it is needed, ccoctl of the stack's version; sourced after base.sh. In: OPENSHIFT_VERSION,
# OPENSHIFT_MIRROR, CREDENTIALS_MODE (mint).
# shellcheck shell=bash
# shellcheck disable=SC2154 # From base.sh.

tools="$cache/tools/${OPENSHIFT_VERSION:?}"

# Whether ccoctl makes the cluster's credentials: cluster.credentialsMode.
manual() { [[ ${CREDENTIALS_MODE:-mint} == manual ]]; }

minor_of() { sed -n 's/^[0-9]*\.\([0-9]*\).*/\1/p' <<<"$1"; }

installer_report() { limited 120 "$1" version 2>/dev/null || true; }
# Of such a report on stdin.
installer_version() { sed -n '1s/.*[[:space:]]v\{0,1\}\([^[:space:]]*\)$/\1/p'; }
# The architectures of the installer's release: "multi" or one of them. Nothing when it does not say: a build from source has "" or
# "unknown"; before 4.17 the line is the installer's own architecture (openshift/installer 4.16, cmd/openshift-install/version.go).
release_architecture() {
  (($(minor_of "$OPENSHIFT_VERSION") >= 17)) || return 0
  sed -n -e 's/^release architecture unknown$//' -e 's/^release architecture //p'
}

# Whether a program is the installer of the stack's version, for all architectures as far as it knows.
right_installer() {
  local report architecture
  report=$(installer_report "$1")
  [[ "$(installer_version <<<"$report")" == "$OPENSHIFT_VERSION" ]] || return 1
  architecture=$(release_architecture <<<"$report")
  [[ -z $architecture || $architecture == multi ]] && return 0
  say "$1 has the right version, but its release is for $architecture only."
  return 1
}

# Whether a client runs and is near enough to the cluster: one minor version apart, as kubectl's skew policy says. kubectl and a
# build from source do not know a release.
right_client() {
  local report minor wanted
  report=$(limited 60 "$1" version --client -o json 2>/dev/null) || return 1
  [[ $report == *'"clientVersion"'* ]] || return 1
  minor=$(minor_of "$(sed -n 's/.*"releaseClientVersion": *"\([^"]*\)".*/\1/p' <<<"$report")")
  [[ -n $minor ]] || return 0
  wanted=$(minor_of "$OPENSHIFT_VERSION")
  ((minor - wanted <= 1 && wanted - minor <= 1))
}

# Whether a program is ccoctl, and runs. It does not tell its version.
right_ccoctl() { limited 60 "$1" aws create-all --help >/dev/null 2>&1; }

# Sets installer, client and ccoctl to what is there and right: of PATH, else of the cache; to nothing where it has to be downloaded,
# ccoctl also where nobody needs it. Only oc can read a release; kubectl will do for all else.
find_tools() {
  local found
  installer='' client='' ccoctl=''
  if found=$(command -v openshift-install) && right_installer "$found"; then
    installer=$found
  elif right_installer "$tools/openshift-install"; then
    installer=$tools/openshift-install
  fi
  if found=$(command -v oc) && right_client "$found"; then
    client=$found
  elif right_client "$tools/oc"; then
    client=$tools/oc
  elif ! manual && ! command -v oc >/dev/null && found=$(command -v kubectl) && right_client "$found"; then
    client=$found
  fi
  manual || return 0
  if found=$(command -v ccoctl) && right_ccoctl "$found"; then
    ccoctl=$found
  elif right_ccoctl "$tools/ccoctl"; then
    ccoctl=$tools/ccoctl
  fi
}

# The same, and downloads what is not there.
ensure_tools() {
  find_tools
  if [[ -z $installer ]]; then
    installer=$tools/openshift-install
    download openshift-install openshift-install
    usable "$installer" version
  fi
  if [[ -z $client ]]; then
    client=$tools/oc
    download openshift-client oc
    usable "$client" version --client
  fi
  if manual && [[ -z $ccoctl ]]; then
    ccoctl=$tools/ccoctl
    download ccoctl ccoctl
    usable "$ccoctl" aws create-all --help
  fi
}

# A download that is what Red Hat signed.
usable() {
  limited 120 "$@" >/dev/null 2>&1 ||
    fail "$1 was downloaded, but it does not run. Is it on a file system that forbids programs (noexec)? Set XDG_CACHE_HOME to a folder on another one."
}

# Red Hat's release key 2, which signs the sums of releases: https://access.redhat.com/security/team/key
signing_key=567E347AD0044ADE55BA8A5F199E2F91FD431D51
signing_key_address=https://access.redhat.com/security/data/fd431d51.txt

# URL FILE. A connection that was made may still say nothing for ever: less than 1 kB/s for a minute ends it.
fetch() {
  local status=0
  curl --fail --silent --show-error --location --proto '=https' --connect-timeout 30 --speed-limit 1000 --speed-time 60 \
    --max-time 1800 --retry 3 --retry-max-time 600 --output "$2" "$1" || status=$?
  case "$status" in
    0) ;;
    22) fail "Cannot download $1: the server does not give that file (see above). Is cluster.version a released version, and cluster.mirror a mirror that has it?" ;;
    *) fail "Cannot download $1. Behind a proxy, set HTTPS_PROXY; for a mirror of your own, set cluster.mirror." ;;
  esac
}

sum_of() { awk -v name="$2" '$2 == name || $2 == "*" name { print $1 }' "$1"; }
# LIST NAME FILE
check_sum() {
  local expected actual
  expected=$(sum_of "$1" "$2")
  actual=$( (sha256sum "$3" 2>/dev/null || shasum -a 256 "$3") | cut -d' ' -f1)
  [[ -n "$expected" && "$expected" == "$actual" ]] || fail "$2 from $OPENSHIFT_MIRROR is not what Red Hat signed: its SHA-256 sum is $actual, expected ${expected:-one in the signed list, which has none}."
}

# ARCHIVE PROGRAM: ARCHIVE-<system>-<version>.tar.gz, after its sums and their signature. Only the sums of the folders are
# signed; the sums in a folder are covered by those.
download() (
  system=linux folder=amd64
  case "$(uname -s)" in Linux) ;; Darwin) system=mac ;; *) fail "There is no $1 for $(uname -s)." ;; esac
  [[ $1 != ccoctl || $system == linux ]] ||
    fail "There is no ccoctl for $(uname -s), which cluster.credentialsMode manual needs: run this on Linux, or put a ccoctl of OpenShift $OPENSHIFT_VERSION on PATH."
  case "$(uname -m)" in x86_64) ;; aarch64 | arm64) folder=arm64 ;; *) fail "There is no $1 for $(uname -m)." ;; esac
  command -v gpg >/dev/null || fail "gpg is needed to check $1 $OPENSHIFT_VERSION: install GnuPG, or put $2 $OPENSHIFT_VERSION on PATH."
  command -v curl >/dev/null || fail "curl is needed to download $1 $OPENSHIFT_VERSION: install it, or put $2 $OPENSHIFT_VERSION on PATH."
  [[ $system == mac && $folder == arm64 ]] && system=mac-arm64
  archive="$1-$system-$OPENSHIFT_VERSION.tar.gz"
  say "Downloading $archive from $OPENSHIFT_MIRROR"
  folder "$tools"
  # Half a gigabyte that a killed download left; other stacks may be downloading now.
  find "$tools" -maxdepth 1 -name 'download.*' -mmin +1440 -exec rm -rf {} +
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
  tar -xzf "$temporary/archive" -C "$temporary" "$2" || fail "Cannot unpack $archive in $tools: is there 2 GB of space?"
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
  # VALIDSIG is also said of a key that is revoked or has expired, GOODSIG is not (GnuPG, doc/DETAILS). The last field of VALIDSIG is
  # the fingerprint of the primary key.
  if ! grep -q '^\[GNUPG:\] GOODSIG ' "$1/status" || ! grep -q "^\[GNUPG:\] VALIDSIG .* $signing_key\$" "$1/status" || [[ ! -s "$1/signed" ]]; then
    fail "sha256sum.txt from $OPENSHIFT_MIRROR is not signed by Red Hat's release key 2 ($signing_key)."
  fi
}

# shellcheck shell=bash disable=SC2154
# Downloads of a package manager, kept from one run to the next: one archive for each build and architecture. A cache saves time and is
# nothing else: whatever is wrong with it is a line in the log, and the build goes on as without. Sourced after lib.sh.
# $CACHE: folder of a volume that runs share; empty: nothing is kept. $CACHE_LIMIT: MiB that an archive may have.
# Who restores must not trust: npm compares each file with the lock's integrity. Maven compares nothing that is in its repository already.

# Lays the archive $1 of the cache into the folder $2, whole or not at all.
restore_cache() {
  local archive=${CACHE:-}/$1 folder=$2
  [[ -n ${CACHE:-} && ! -e $folder ]] || return 0
  if [[ ! -f $archive ]]; then
    echo "no downloads of an earlier run" >&2
    return 0
  fi
  # A small archive may unpack to any size. A volume that does not answer is no reason to wait.
  if mkdir -p "$folder.tmp" && timeout 300 head -c "$((CACHE_LIMIT << 20))" "$archive" 2>/dev/null | gzip --decompress --stdout 2>/dev/null |
    head -c "$((CACHE_LIMIT << 22))" | tar --extract --no-same-owner --no-same-permissions --directory "$folder.tmp" 2>/dev/null &&
    mv "$folder.tmp" "$folder"; then
    cache_state "$folder" >"$HOME/cache.$1"
  else
    warn "the downloads of an earlier run are not usable: everything is downloaded"
    rm -rf "$folder.tmp"
  fi
}

# Keeps the folder $2 as the archive $1 of the cache, unless it is as it was restored. Other runs see the old archive or the new one.
# One that is too large goes away, so that the next run begins with what it needs now: package managers forget nothing by themselves.
save_cache() {
  local archive=${CACHE:-}/$1 folder=$2 new
  [[ -n ${CACHE:-} && -d $folder ]] || return 0
  [[ $(cache_state "$folder") != "$(cat "$HOME/cache.$1" 2>/dev/null)" ]] || return 0
  # What runs have left that were cancelled while they wrote.
  find "$CACHE" -maxdepth 1 -name '*.new' -mmin +60 -delete 2>/dev/null || true
  if ! new=$(mktemp "$archive.XXXXXX.new" 2>/dev/null) || ! write_cache "$folder" "$new"; then
    warn "downloads cannot be kept for the next run"
    rm -f "$new"
  elif (($(stat --format=%s "$new") > CACHE_LIMIT << 20)); then
    warn "downloads are more than $CACHE_LIMIT MiB and not kept: the next run begins anew"
    rm -f "$new" "$archive"
  else
    mv -f "$new" "$archive" || warn "downloads cannot be kept for the next run"
  fi
}

# No more than the limit and a byte, which tells that it was too much.
write_cache() {
  timeout 300 tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --directory "$1" . 2>/dev/null |
    gzip --fast --no-name 2>/dev/null | head -c "$(((CACHE_LIMIT << 20) + 1))" >"$2" 2>/dev/null ||
    [[ $(stat --format=%s "$2") -gt $((CACHE_LIMIT << 20)) ]]
}

# What tells whether something came or went.
cache_state() {
  (cd "$1" && find . -type f -printf '%p %s\n' | sort | cksum)
}

# shellcheck shell=bash disable=SC2154
# What a package manager has downloaded, kept from one run of a build to the next: one archive for each architecture. It saves time and is
# nothing else: whatever is wrong with it is a line in the log, and the build goes on as without. Sourced after lib.sh, by the steps around
# the one that runs programs of third parties, which never sees the volume.
# $DOWNLOADS: folder of the volume; empty: nothing is kept. $SOURCES/downloads: folder of the pod's own, which the step between works with.
# Programs of the packages can write there, so that step takes nothing of it that it need not believe.

# Lays what the volume has into the pod's own folder, whole or not at all.
restore_downloads() {
  local folder=$SOURCES/downloads archive limit=${DOWNLOADS_LIMIT:-2048}
  [[ -n ${DOWNLOADS:-} && -z ${REBUILD:-} && ! -e $folder ]] || return 0
  archive=$DOWNLOADS/$(uname -m).tar.gz
  if [[ ! -f $archive ]]; then
    echo "no downloads of an earlier run" >&2
    return 0
  fi
  rm -rf "$folder.tmp"
  # A small archive may unpack to any size; tar needs more than the files have. A volume that does not answer is no reason to wait.
  if mkdir "$folder.tmp" && timeout 300 gzip --decompress --stdout "$archive" 2>/dev/null | head -c "$((limit << 21))" |
    tar --extract --no-same-owner --no-same-permissions --directory "$folder.tmp" 2>/dev/null &&
    chmod -R u+rwX "$folder.tmp" && mv "$folder.tmp" "$folder"; then
    state_of "$folder" >"$folder.state"
  else
    warn "the downloads of an earlier run are not usable: everything is downloaded"
    rm -rf "$folder.tmp"
    rm -f "$archive" || true
  fi
}

# Keeps the pod's folder, unless it is as it was restored. Other runs see the old archive or the new one. What is too large goes away, so
# that the next run begins with what it needs now.
save_downloads() {
  local folder=$SOURCES/downloads archive new='' limit=${DOWNLOADS_LIMIT:-2048}
  # A link would lead to what the step between did not see.
  [[ -n ${DOWNLOADS:-} && -d $folder && ! -L $folder ]] || return 0
  [[ ! -f $folder.state || $(state_of "$folder") != "$(<"$folder.state")" ]] || return 0
  archive=$DOWNLOADS/$(uname -m).tar.gz
  # What runs have left that were cancelled while they wrote.
  find "$DOWNLOADS" -maxdepth 1 -name '*.new' -mmin +60 -delete 2>/dev/null || true
  # No more than would be taken again.
  if (($(du --summarize --bytes "$folder" | cut -f 1) > limit << 20 || $(tar --create --directory "$folder" . 2>/dev/null | wc -c) > limit << 21)); then
    warn "downloads are more than $limit MiB and not kept: the next run begins anew"
    rm -f "$archive"
  elif new=$(mktemp "$archive.XXXXXX.new" 2>/dev/null) && timeout 120 tar --create --directory "$folder" . 2>/dev/null |
    gzip --fast --no-name 2>/dev/null >"$new" && mv -fT "$new" "$archive"; then
    echo "kept downloads for the next run ($(du -h "$archive" | cut -f 1))" >&2
  else
    warn "downloads cannot be kept for the next run"
    rm -f "$new"
  fi
}

# What tells whether something came or went.
state_of() {
  (cd "$1" && find . -type f -printf '%p %s\n' | sort | cksum)
}

# shellcheck shell=bash disable=SC2154
# Runs buildah, with the layers of earlier builds where there are some, and says why it failed.

# What buildah says goes to the log, and to $HOME/build.log. Sets $status, what it exited with.
attempt() {
  status=0
  buildah build "${arguments[@]}" "$@" "$context" 2>&1 | tee "$HOME/build.log" >&2 || status=$?
  return "$status"
}

# Whether a RUN of the Containerfile mounts files of the context, of a stage or of an image, as a cache may be, too: buildah's key for its layer
# knows nothing of their content, or not enough (https://github.com/containers/buildah/issues/5400,
# https://github.com/containers/buildah/issues/6609; imagebuildah/stage_executor.go looks at none but bind).
mounts_files() {
  local mounts
  mounts=$(grep -oiE -- '--mount=[^[:space:]]*' "$1") || return 1
  grep -qivE 'type=(cache|tmpfs|secret|ssh)(,|$)' <<<"$mounts" || grep -qiE '[=,]from=' <<<"$mounts"
}

# Whether the registry of the cache can be talked to: buildah would wait for one that is silent at each instruction. That it has
# no such image, or none for us, is an answer: repositories are made by the first push.
cache_answers() {
  local arguments=(--quiet)
  ! supports --retry || arguments+=(--retry 0)
  timeout "${CACHE_SECONDS:-20}" buildah pull "${arguments[@]}" "docker://$cache:none" >"$HOME/cache.log" 2>&1 ||
    grep -qiE 'unknown|unauthorized|authentication required|denied|forbidden|not found' "$HOME/cache.log"
}

# Builds with the cache. Its faults are warnings: what was built already is in the storage and is not built again.
attempt_with_cache() {
  local log=$HOME/build.log
  if attempt "${cache_from[@]}" --cache-to "$cache"; then
    # buildah gives an image with such a layer OCI's format where it keeps it, and then takes it for one of another kind.
    if grep -q 'Cache pulled from remote' "$log" && ! grep -q 'Using cache' "$log"; then
      warn "nothing in $cache could be used: a base image has layers compressed with zstd, or no history"
    fi
    return 0
  fi
  if grep -q 'failed pushing cache' "$log"; then
    warn "layers are not kept in $cache: $(cause)"
    attempt "${cache_from[@]}" && return 0
  fi
  # What a command of the Containerfile says about itself is final; everything else may be the fault of a layer that came from the cache.
  if grep -q 'Cache pulled from remote' "$log" && ! grep -qE 'exit status [0-9]+' "$log"; then
    warn "building without the layers of $cache: $(cause)"
    attempt --no-cache && return 0
  fi
  return 1
}

# The instruction that was carried out last: `STEP 2/5: RUN make`, with the stage before it where there are several.
last_step() {
  sed -nE 's/^(\[[0-9]+\/[0-9]+\] )?STEP [0-9]+\/[0-9]+: (.{1,300}).*/\2/p' "$HOME/build.log" | tail -n 1
}

# buildah's last words.
cause() {
  { grep -E '^(Error: |error )' "$HOME/build.log" || grep . "$HOME/build.log" || echo "buildah said nothing"; } | tail -n 1 | cut -c 1-1000
}

# Names of the Containerfile's stages, for messages.
stages() {
  local names
  names=$(sed -nE 's/^[[:space:]]*FROM[[:space:]].*[[:space:]]AS[[:space:]]+([^[:space:]]+)[[:space:]]*$/\1/Ip' "$containerfile" | paste -sd ' ')
  echo "${names:-names none (FROM ... AS NAME)}"
}

# Whether buildah's last words are a registry's about an image that is to be read.
refused() {
  cause | grep -v 'building at STEP "RUN' | grep -E 'initializing source|reading manifest|pinging container registry|unable to pull|copying system image' | grep -qiE "$1"
}

# What a person can do about it, where the cause is not the sources'.
way_out() {
  local log=$HOME/build.log
  if grep -qiE 'no space left on device|disk quota exceeded' "$log"; then
    echo "a volume of the build is full: leave out what the image does not need. A file with holes counts in full: useradd with a large uid makes /var/log/lastlog one (useradd --no-log-init does not)"
  elif grep -qE 'exit status 153|[Ff]ile size limit exceeded|[Ff]ile too large' "$log"; then
    echo "a file grew beyond $file_limit bytes. A file with holes counts in full: useradd with a large uid makes /var/log/lastlog one (useradd --no-log-init does not)"
  elif [[ $status == 137 ]] || grep -qE 'exit status 137|(with|on) signal 9|signal: killed|on killed' "$log"; then
    echo "a process was killed, as the kernel does at the step's memory limit: give this build more memory, or let it do less at a time"
  elif grep -qE 'no image found in (manifest list|image index)' "$log"; then
    other_base
  elif grep -qiE 'exec format error' "$log"; then
    echo "a program is for another architecture than $ARCHITECTURE: compile it in the build, or copy the one for it"
  elif grep -qiE 'target "?[^ ]* was not found in' "$log"; then
    echo "the Containerfile has no stage '$TARGET', but $(stages): change the build's target"
  elif grep -qiE 'server gave HTTP response to HTTPS client' "$log"; then
    echo "a registry speaks plain http: name it among the insecure registries"
  elif grep -qiE 'certificate signed by unknown authority' "$log"; then
    echo "a registry's certificate is signed by an authority that is not known here: give its certificate in the trust bundle"
  elif refused 'toomanyrequests|rate limit'; then
    echo "a registry gives no more images for now, as docker.io counts those that nobody asks for by name: give it an entry in the registry credentials"
  elif refused 'unauthorized|authentication required|denied|forbidden'; then
    echo "a registry does not give a base image to this build: its name in FROM is wrong, or the registry credentials have no entry that may read it"
  elif refused 'unknown|not found'; then
    echo "a base image does not exist under the name that it has in FROM"
  fi
}

# Ends a failed build.
report() {
  local step hint
  step=$(last_step)
  if note_images && ! check_architectures; then hint=$(other_base); else hint=$(way_out); fi
  echo "$task: cause: $(cause)" >&2
  [[ -z $hint ]] || echo "$task: $hint" >&2
  fail "the build of '$shown' for $ARCHITECTURE failed${step:+ at: $step}"
}

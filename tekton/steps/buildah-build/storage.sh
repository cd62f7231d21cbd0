# shellcheck shell=bash disable=SC2154
# Where buildah keeps images while it builds.

# A storage configuration of our own: the images' one names fuse-overlayfs, which needs a device that the pod does not have.
# One storage folder per driver, as the drivers refuse each other's.
set_storage() {
  export STORAGE_DRIVER=$1 CONTAINERS_STORAGE_CONF=$HOME/storage.conf
  printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' "$1" "$containers/$1" "$containers/run-$1" >"$CONTAINERS_STORAGE_CONF"
}

# overlay is faster and smaller than vfs, but whether an unprivileged pod may mount it depends on the kernel and the file
# system below: try it.
overlay_works() {
  local container
  set_storage overlay
  container=$(buildah from scratch) && buildah copy --quiet "$container" "$CONTAINERS_STORAGE_CONF" /probe && buildah rm "$container"
}

# Sets up the storage in the folder $containers.
use_storage() {
  # OpenShift's pods have an fsGroup, which makes their volumes setgid. The images' root folders and what a RUN makes in them would
  # inherit the bit: other layers than the same files give elsewhere.
  umask 022
  mkdir -p "$containers"
  chmod g-s "$containers"
  if overlay_works >"$HOME/overlay.log" 2>&1; then
    echo "storage: overlay" >&2
  else
    echo "storage: vfs (overlay: $(tail -n 1 "$HOME/overlay.log"))" >&2
    set_storage vfs
  fi
}

#!/usr/bin/env bash
# Pushes the image that the step before has left on the pod's own disk: by its digest, so that nobody who asks for a tag gets it. What the index
# needs of it goes to the shared volume: $MEMBER, its layout without the layers, a few kilobytes; and $MEMBER.bases, the images that it was built
# from, a line NAME@DIGEST each.
# Needs neither root nor any capability.
# Arguments: registries that are asked by plain http, HOST[:PORT]...
# Environment: SHARED, SOURCES (the pod's own folder, with the layout image/ and image.bases), ARCHITECTURE, MEMBER (name in SHARED), IMAGE
# (repository:tag), HOME; optional DOCKERCONFIG (folder with config.json or .dockerconfigjson), TRUST, CONTAINERS (storage).
set -euo pipefail
task=push-member
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=../buildah-push/index.sh
source "$(dirname "${BASH_SOURCE[0]}")/../buildah-push/index.sh"

: "${SHARED:?}" "${SOURCES:?}" "${ARCHITECTURE:?}" "${MEMBER:?}" "${IMAGE:?}" "${HOME:?}"
layout=$SOURCES/image
member=$SHARED/$MEMBER
check_image # sets $repository
use_buildah "$@"

# buildah pushes nothing but indexes out of a layout: so the image goes with an index of its own, which nobody needs afterwards. It has no tag,
# its name in the registry is its digest.
push_image() {
  local index got options=()
  # buildah notes in an index that a member has such layers (image, internal/manifest/oci_index.go), and fails if that changes its digest.
  if grep -q 'tar+zstd"' "$layout/blobs/sha256/${digest#sha256:}"; then
    options=(--annotation io.github.containers.compression.zstd=true)
  fi
  new_index member && add_member member "oci:$layout:result" - "${options[@]}" && index=$(digest_of_index member) || return 1
  got=$(push member "docker://$repository@$index" --all) || return 1
  [[ $got == "$index" ]] && return 0
  echo "got the digest ${got:-(none)}, not $index" >&2
  return 1
}

# What no further try changes.
final='denied|unauthorized|authentication required|forbidden|quota|name.unknown|immutable|x509|digest'

# The layers are there and nowhere else, so that a registry that is away for a moment must not cost the build.
push_patiently() {
  local attempt
  for attempt in 1 2 3; do
    if push_image 2>"$HOME/push.log"; then return 0; fi
    cat "$HOME/push.log" >&2
    if ((attempt == 3)) || grep -qiE "$final" "$HOME/push.log"; then return 1; fi
    echo "pushing the image for $ARCHITECTURE again" >&2
    sleep "$((attempt * 5 * ${PAUSE:-3}))"
  done
}

# The layout without its layers, which whoever reads it sees whole or not at all. Some registries give nobody an image that no tag leads to, so
# that the index cannot be made of what they have (openshift/image-registry, pkg/dockerregistry/server/manifestservice.go, Get).
leave_for_index() {
  local config blob
  config=$(config_of_manifest "$layout/blobs/sha256/${digest#sha256:}") && [[ -n $config ]] || return 1
  mkdir -p "$member.tmp/blobs/sha256"
  cp "$layout/oci-layout" "$layout/index.json" "$member.tmp"
  for blob in "${digest#sha256:}" "$config"; do cp "$layout/blobs/sha256/$blob" "$member.tmp/blobs/sha256"; done
  [[ ! -f $layout.bases ]] || cp "$layout.bases" "$member.bases"
  mv "$member.tmp" "$member"
}

[[ -f $layout/index.json ]] || fail "there is no image for $ARCHITECTURE"
digest=$(digest_of_layout "$layout")
[[ -n $digest ]] || fail "the layout of the image for $ARCHITECTURE holds not exactly one image"
rm -rf "$member" "$member".{tmp,bases,sbom.json} # of an earlier try
echo "pushing the image for $ARCHITECTURE" >&2
push_patiently || fail "cannot push the image for $ARCHITECTURE to $repository, so nothing is published"
leave_for_index || fail "the image for $ARCHITECTURE cannot be noted in '$MEMBER'"
echo "$repository@$digest is the image for $ARCHITECTURE" >&2

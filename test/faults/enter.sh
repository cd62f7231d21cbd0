#!/usr/bin/env bash
# Runs a program of this folder in a machine of its own: namespaces of processes, mounts and network, in which the rehearsal's folder is another,
# with its cache, nothing but this machine is reached, and the names of hosts are a copy. A rehearsal may run meanwhile. Whatever is started
# ends with the program. In: PROGRAM [ARGUMENT]...
set -euo pipefail
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export OPENSHIFT_MULTIARCH_HOME=${OPENSHIFT_MULTIARCH_HOME:-/var/lib/openshift-multiarch}

if [[ ${1:-} != --inside ]]; then
  if [[ " ${*:2} " =~ \ (-h|--help|help|--list)\  ]]; then exec node --import tsx "$checkout/test/faults/$1" "${@:2}"; fi
  [[ $(id -u) == 0 ]] || { echo "The fault points need root, for namespaces of their own." >&2 && exit 1; }
  [[ -x $OPENSHIFT_MULTIARCH_HOME/cache/bin/pulumi ]] ||
    { echo "The fault points need what \`npm run rehearse\` installs: run that once before." >&2 && exit 1; }
  exec unshare --mount --net --pid --fork --kill-child --mount-proc bash "$0" --inside "$@"
fi

shift
# By another name than the rehearsal's folder: the rehearsal ends whatever processes are of it.
mount -t tmpfs -o mode=755 tmpfs /mnt
ln -s "$OPENSHIFT_MULTIARCH_HOME/cache" /mnt/cache
export OPENSHIFT_MULTIARCH_HOME=/mnt
mkdir /mnt/run
cp /etc/hosts /mnt/hosts
mount --bind /mnt/hosts /etc/hosts
ip link set lo up
cd "$checkout"
# Not by exec: the first process of a namespace has to take leave of those that lost their parents.
node --import tsx "test/faults/$1" "${@:2}"

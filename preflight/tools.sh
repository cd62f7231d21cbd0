#!/usr/bin/env bash
# Which of the installer, the client and ccoctl are there and right, as the stages find them. In: CLUSTER, OPENSHIFT_VERSION, OPENSHIFT_MIRROR,
# CREDENTIALS_MODE. Out: a line for each with its path, nothing behind the name for what has to be downloaded; another with the folder of the cache.
# shellcheck source-path=SCRIPTDIR source=../infra/stages/lib/base.sh
source "$(dirname "$0")/../infra/stages/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=../infra/stages/lib/tools.sh
source "$stages/lib/tools.sh"

find_tools
printf 'installer %s\nclient %s\nccoctl %s\ncache %s\n' "$installer" "$client" "$ccoctl" "$cache"

#!/usr/bin/env bash
# Removes the cluster, on any machine: all that is needed is in the stack's state. In: IDENTITY, what the identity stage printed;
# DESTROY_MINUTES, CREDENTIALS_MODE.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/tools.sh
source "$stages/lib/tools.sh"
# shellcheck source-path=SCRIPTDIR source=lib/watch.sh
source "$stages/lib/watch.sh"
# shellcheck source-path=SCRIPTDIR source=lib/logs.sh
source "$stages/lib/logs.sh"
# shellcheck source-path=SCRIPTDIR source=lib/aws.sh
source "$stages/lib/aws.sh"

# Of the removal that ran.
orphaned() { [[ $1 != gone ]] || keep_log destroy "$directory" "$log"; }

identity=$(documents destroy <<<"${IDENTITY:?}")
{
  read -r infra_id
  read -r owner
  read -r metadata
} <<<"$identity"
ensure_tools
say "Removing everything of $infra_id in the AWS account $owner"
check_owner "$metadata" "$owner"
# Those of the state are gone by now. What goes wrong here is told by the look at what is left.
ask_aws "$metadata" forgotten "$infra_id" || true
remove_cluster "$metadata" "$owner"
# Not before: the cluster works with them to its end.
if manual; then remove_credentials "$metadata" "$infra_id"; fi
rmdir "$work" 2>/dev/null || true

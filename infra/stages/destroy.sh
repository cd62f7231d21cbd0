#!/usr/bin/env bash
# Removes the cluster, on any machine: all that is needed is in the stack's state. In: PULUMI_COMMAND_STDOUT, what the identity
# stage printed; DESTROY_MINUTES.
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

documents=$(documents destroy)
{
  read -r infra_id
  read -r account
  read -r metadata
} <<<"$documents"
ensure_tools
say "Removing everything of $infra_id in the AWS account $account"
remove_cluster "$metadata" "$account"
rm -rf "${work:?}/$infra_id"
rmdir "$work" 2>/dev/null || true

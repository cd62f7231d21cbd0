#!/usr/bin/env bash
# Removes what this machine still has of a cluster that is gone: certificates, keys, logs. Nothing in AWS. In: PULUMI_COMMAND_STDOUT,
# what the identity stage printed.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"

infra_id=$(documents infra-id <<<"${PULUMI_COMMAND_STDOUT:?}")
rm -rf "${work:?}/${infra_id:?}"
exec bash "$stages/tidy.sh"

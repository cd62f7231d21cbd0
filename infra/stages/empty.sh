#!/usr/bin/env bash
# Takes from a file system what keeps it from being deleted and is in no state: access points of volumes whose driver is gone, mount
# targets that the state has lost. With credentials of another account Pulumi's provider would find no file system, and forget it: this
# fails before. In: FILE_SYSTEM_ID, CLUSTER_SETTINGS, AWS_ACCOUNT_ID.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/aws.sh
source "$stages/lib/aws.sh"

check_owner "${CLUSTER_SETTINGS:?}" "${AWS_ACCOUNT_ID:?}"
if [[ -n ${SUBNET_ID:-} ]]; then
  ask_aws "$CLUSTER_SETTINGS" empty "${FILE_SYSTEM_ID:?}" "$SUBNET_ID" ||
    fail "The mount target that is in no state cannot be deleted (see above), so none can be made in $SUBNET_ID. Run pulumi up again."
else
  ask_aws "$CLUSTER_SETTINGS" empty "${FILE_SYSTEM_ID:?}" ||
    fail "The file system $FILE_SYSTEM_ID cannot be emptied (see above), so it cannot be deleted. Run pulumi destroy again."
fi

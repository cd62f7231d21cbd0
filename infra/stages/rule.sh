#!/usr/bin/env bash
# Takes from the security group GROUP_ID the rule that lets SOURCE_GROUP_ID in at PORT: an update that was killed while it made one has left it, and
# no state has it. In: GROUP_ID, SOURCE_GROUP_ID, PORT, CLUSTER_SETTINGS, AWS_ACCOUNT_ID.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/aws.sh
source "$stages/lib/aws.sh"

check_owner "${CLUSTER_SETTINGS:?}" "${AWS_ACCOUNT_ID:?}"
ask_aws "$CLUSTER_SETTINGS" rule "${GROUP_ID:?}" "${SOURCE_GROUP_ID:?}" "${PORT:?}" ||
  fail "The rule that is in no state cannot be taken away (see above), so $GROUP_ID takes no other from $SOURCE_GROUP_ID. Run pulumi up again."

#!/usr/bin/env bash
# Runs the program that its arguments name, with credentials of the cluster's account alone: what the program deletes is not in AWS, but
# what comes after it is. In: CLUSTER_SETTINGS, AWS_ACCOUNT_ID.
# shellcheck source-path=SCRIPTDIR source=lib/base.sh
source "$(dirname "$0")/lib/base.sh"
# shellcheck source-path=SCRIPTDIR source=lib/aws.sh
source "$stages/lib/aws.sh"

check_owner "${CLUSTER_SETTINGS:?}" "${AWS_ACCOUNT_ID:?}"
exec "$@"

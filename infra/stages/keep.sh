#!/usr/bin/env bash
# An update of a stage that has done its work: its output stays.
set -euo pipefail
printf '%s\n' "${PULUMI_COMMAND_STDOUT:-}"

#!/usr/bin/env bash
# Back to the release before this one (`bench rollout back`). Exit code: that of bench.
#   scripts/riva-130-rollback.sh [--dry-run] [flags of bench rollout back]
# Settings (environment or riva.env): RIVA_ROLLOUT: the file that describes the deployment (rollout.yaml).
# shellcheck source=scripts/lib/riva.sh
. "$(dirname -- "$0")/lib/riva.sh"

config=${RIVA_ROLLOUT:-rollout.yaml}
[ -f "$config" ] || fail 2 "$config does not exist: set RIVA_ROLLOUT to the configuration of bench rollout"
run bench rollout back --config "$config" ${operands[@]+"${operands[@]}"}

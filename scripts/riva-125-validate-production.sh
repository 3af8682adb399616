#!/usr/bin/env bash
# Is the host of RIVA_HOST ready for production: one run of the scenario production-validation, some six minutes, as
# docs/production-validation.md describes it. Exit code: that of bench (0 ready, 3 an SLO did not hold, 5 void, 6 inconclusive).
#   scripts/riva-125-validate-production.sh [--dry-run] [flags of bench run]
# Settings (environment or riva.env): RIVA_HOST, RIVA_SERVER or RIVA_TARGET; RIVA_SCENARIO: a scenario of your own, with your busiest hour.
# shellcheck source=scripts/lib/riva.sh
. "$(dirname -- "$0")/lib/riva.sh"

where=$(target)
run bench run --scenario "${RIVA_SCENARIO:-production-validation}" --target "$where" ${operands[@]+"${operands[@]}"}

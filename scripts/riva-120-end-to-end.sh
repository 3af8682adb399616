#!/usr/bin/env bash
# Client, gateway, recogniser: the path through the gateway of GATEWAY_HOST beside the direct one, and what it adds
# (`bench check --through gateway`). Exit code: that of bench.
#   scripts/riva-120-end-to-end.sh [--dry-run] [flags of bench check]
# Settings (environment or riva.env): RIVA_HOST, RIVA_SERVER or RIVA_TARGET, GATEWAY_HOST, GATEWAY_PORT.
# shellcheck source=scripts/lib/riva.sh
. "$(dirname -- "$0")/lib/riva.sh"

where=$(target)
need GATEWAY_HOST "the gateway; riva-100-provision.sh writes it for a host with a GATEWAY_IMAGE"
run bench check --target "$where" --through gateway ${operands[@]+"${operands[@]}"}

#!/usr/bin/env bash
# Can the host of RIVA_HOST be used: name, port, TLS, health, models, one sentence (`bench check`). Exit code: that of bench.
#   scripts/riva-105-check.sh [--dry-run] [flags of bench check]
# Settings (environment or riva.env): RIVA_HOST, RIVA_SERVER or RIVA_TARGET; RIVA_WAIT_S: how long a server that can't be used yet is
# asked again, in seconds (0).
# shellcheck source=scripts/lib/riva.sh
. "$(dirname -- "$0")/lib/riva.sh"

where=$(target)
wait_s=${RIVA_WAIT_S:-0}
[[ $wait_s =~ ^[0-9]{1,6}$ ]] || fail 2 "RIVA_WAIT_S is '$wait_s': whole seconds"
wait_s=$((10#$wait_s))
pause_s=15
while true; do
  status=0
  run bench check --target "$where" ${operands[@]+"${operands[@]}"} || status=$?
  # 7: it can't be used. All else is an answer.
  if [ "$status" -ne 7 ] || [ $((SECONDS + pause_s)) -gt "$wait_s" ]; then break; fi
  log "not yet; again in $pause_s s, for $((wait_s - SECONDS)) s more"
  sleep "$pause_s"
done
exit "$status"

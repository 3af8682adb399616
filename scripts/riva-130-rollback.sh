#!/usr/bin/env bash
# Leaves a release for the one before it (`bench rollout back`). Run again it does nothing: the release does not serve any more. Exit code:
# that of bench.
#   scripts/riva-130-rollback.sh [--dry-run] IMAGE@sha256:... [flags of bench rollout back]
# IMAGE is the release that is left; `bench rollout status` shows what serves.
# Settings (environment or riva.env): RIVA_ROLLOUT: the file that describes the deployment (rollout.yaml).
# shellcheck source=scripts/lib/riva.sh
. "$(dirname -- "$0")/lib/riva.sh"

config=${RIVA_ROLLOUT:-rollout.yaml}
[ -f "$config" ] || fail 2 "$config does not exist: set RIVA_ROLLOUT to the file of bench rollout"
left=${operands[0]:-}
case $left in
  '' | -*) fail 2 "no release is named: riva-130-rollback.sh IMAGE@sha256:... (bench rollout status --config $config shows it)" ;;
esac
[[ $left =~ @sha256:[0-9a-f]{64}$ ]] || fail 2 "'$left' is no image with its whole digest (NAME@sha256:...)"

state=$(bench rollout status --config "$config" --json)
# What serves, and what a rollout that was killed was about to make serve.
serving=$(node -e 'const s = JSON.parse(process.argv[1]); console.log(s.current?.image ?? "", s.change?.to.image ?? "")' "$state")
[ -n "${serving// /}" ] ||
  fail 2 "bench rollout knows no release in $config: deploy the first one once more (bench rollout deploy), so that there is one to return to"
case " $serving " in
  *" $left "*) run bench rollout back --config "$config" "${operands[@]:1}" ;;
  *) log "$left does not serve; ${serving%% *} does: nothing to do" ;;
esac

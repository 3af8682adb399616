#!/usr/bin/env bash
# One load test and its gate, for any CI: settings come from the environment, so that no text of a workflow is run as code.
#   TARGET, SCENARIO, ARGUMENTS, SLO (one a line, instead of the scenario's), BASELINE (a folder or a .tar.gz of it; empty or missing = none), OUT (default bench-out), BENCH (dist/cli/main.js)
# Exit code: that of `bench gate`; that of the run where it made no result (2 bad input, 7 target can't be used).
# Words of ARGUMENTS are flags, not patterns of file names.
set -uo pipefail -f
out=${OUT:-bench-out}
bench=(node "${BENCH:-dist/cli/main.js}")
slos=()
while IFS= read -r line; do
  [ -n "${line//[[:space:]]/}" ] && slos+=(--slo "$line")
done <<<"${SLO:-}"

run=(run --scenario "${SCENARIO:-smoke}" --out "$out/run" --quiet)
[ -n "${TARGET:-}" ] && run+=(--target "$TARGET")
# shellcheck disable=SC2206 # words on purpose: flags
run+=(${ARGUMENTS:-})
[ ${#slos[@]} -gt 0 ] && run+=("${slos[@]}")
"${bench[@]}" "${run[@]}"
status=$?

if [ -f "$out/run/result.json" ]; then
  gate=(gate "$out/run" --junit "$out/junit.xml" --markdown "$out/gate.md")
  [ ${#slos[@]} -gt 0 ] && gate+=("${slos[@]}")
  # Before the first run of main there is an empty folder at most: nothing to compare with is no error.
  if [ -f "${BASELINE:-}" ] || [ -n "$(find "${BASELINE:-/nowhere}" -name result.json -print -quit 2>/dev/null)" ]; then
    gate+=(--baseline "$BASELINE")
  fi
  "${bench[@]}" "${gate[@]}"
  status=$?
fi
[ -n "${GITHUB_OUTPUT:-}" ] && echo "exit-code=$status" >>"$GITHUB_OUTPUT"
exit "$status"

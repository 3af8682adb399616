#!/usr/bin/env bash
# One load test and its gate, for any CI: settings come from the environment, so that no text of a workflow is run as code.
#   TARGET, SCENARIO, ARGUMENTS, SLO (one a line, instead of the scenario's), BASELINE (a folder or a .tar.gz of it; empty or missing = none), OUT (default bench-out), BENCH (that of this package: dist/cli/main.js beside scripts/)
# Exit code: that of `bench gate`; that of the run where it made no result (2 bad input, 7 target can't be used).
# Words of ARGUMENTS are flags, not patterns of file names. No other setting can be taken for a flag, whatever it begins with.
set -uo pipefail -f

finish() { # exit code
  [ -n "${GITHUB_OUTPUT:-}" ] && printf 'exit-code=%s\n' "$1" >>"$GITHUB_OUTPUT"
  exit "$1"
}

refuse() { # message
  printf 'ci-gate: %s\n' "$1" >&2
  finish 2
}

# A path that no program takes for an option.
as_path() {
  case $1 in
    /*) printf '%s' "$1" ;;
    *) printf './%s' "$1" ;;
  esac
}

for name in TARGET SCENARIO BASELINE OUT BENCH GITHUB_OUTPUT; do
  case ${!name:-} in
    *[[:cntrl:]]*) refuse "$name holds a line end or another control character" ;;
  esac
done
for name in TARGET SCENARIO; do
  case ${!name:-} in
    -*) refuse "$name begins with a dash: flags go into ARGUMENTS" ;;
  esac
done

out=$(as_path "${OUT:-bench-out}")
baseline=
[ -n "${BASELINE:-}" ] && baseline=$(as_path "$BASELINE")
bench=(node "$(as_path "${BENCH:-$(dirname -- "$0")/../dist/cli/main.js}")")
# A result of an earlier job would be judged in place of the one that this run could not write.
for file in result.json sessions.ndjson; do
  [ -e "$out/run/$file" ] && refuse "$out/run already holds a run: clean the workspace, or set OUT"
done

slos=()
while IFS= read -r line; do
  [ -n "${line//[[:space:]]/}" ] && slos+=("--slo=$line")
done <<<"${SLO:-}"

run=(run "--scenario=${SCENARIO:-smoke}" "--out=$out/run" --quiet)
[ -n "${TARGET:-}" ] && run+=("--target=$TARGET")
# shellcheck disable=SC2206 # words on purpose: flags
run+=(${ARGUMENTS:-})
[ ${#slos[@]} -gt 0 ] && run+=("${slos[@]}")
"${bench[@]}" "${run[@]}"
status=$?

if [ -f "$out/run/result.json" ]; then
  gate=(gate "$out/run" "--junit=$out/junit.xml" "--markdown=$out/gate.md")
  [ ${#slos[@]} -gt 0 ] && gate+=("${slos[@]}")
  # Before the first run of main there is an empty folder at most: nothing to compare with is no error.
  if [ -n "$baseline" ]; then
    if [ -f "$baseline" ] || [ -n "$(find "$baseline" -name result.json -print -quit 2>/dev/null)" ]; then
      gate+=("--baseline=$baseline")
    fi
  fi
  "${bench[@]}" "${gate[@]}"
  status=$?
fi
finish "$status"

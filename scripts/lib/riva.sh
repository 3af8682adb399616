# shellcheck shell=bash
# Shared by scripts/riva-1*.sh: options, settings, log, dry run. Sourced, with the script's own arguments.
#
# Settings come from the environment, then from the file RIVA_ENV (riva.env): lines of NAME=value, taken as they are. What is done
# goes to standard error and, with the time and who did it, to RIVA_LOG (riva.log). Exit codes are those of bench; 2 for settings that
# can't be used, 1 for what AWS refused.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
me=$(basename -- "$0")
settings=${RIVA_ENV:-riva.env}
# Also for hooks, which run in other folders.
export RIVA_LOG=${RIVA_LOG:-$PWD/riva.log}
dry_run=
operands=()

# The comment at the top of the script is its help.
usage() {
  sed -n '2,/^[^#]/{/^# shellcheck/d;/^#/s/^# \{0,1\}//p}' "$0"
}

log() {
  printf '%s: %s\n' "$me" "$*" >&2
  [ -n "$dry_run" ] ||
    printf '%s %s %s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(id -un)" "$me" "$*" >>"$RIVA_LOG"
}

fail() { # exit code, message
  log "error: $2"
  exit "$1"
}

# Logs a command and runs it; with --dry-run, logs it only.
run() {
  local line
  line=$(printf '%q ' "$@")
  if [ -n "$dry_run" ]; then
    log "would run: ${line% }"
  else
    log "runs: ${line% }"
    "$@"
  fi
}

need() { # name of a setting, what it is
  [ -n "${!1:-}" ] || fail 2 "$1 is not set ($2): in the environment or in $settings"
}

need_command() { # program, what to do about it
  command -v "$1" >/dev/null || fail 2 "$1 is not installed: $2"
}

bench() {
  local main=${BENCH:-$root/dist/cli/main.js}
  [ -f "$main" ] || fail 2 "$main does not exist: run npm ci in $root, or set BENCH to bench's main.js"
  node "$main" "$@"
}

# The target file of what runs on the host: RIVA_TARGET, else that of RIVA_SERVER.
target() {
  need RIVA_HOST "the address of the host, written by riva-100-provision.sh"
  case ${RIVA_SERVER:-nim} in
    nim) echo "${RIVA_TARGET:-nim}" ;;
    legacy) echo "${RIVA_TARGET:-legacy-riva}" ;;
    *) fail 2 "RIVA_SERVER is '$RIVA_SERVER': nim or legacy" ;;
  esac
}

# Writes settings, NAME=value each, after all others; NAME= removes one.
remember() {
  local pair new names=''
  for pair in "$@"; do names+="${names:+|}${pair%%=*}"; done
  new=$(mktemp)
  [ ! -f "$settings" ] || grep -vE "^($names)=" "$settings" >"$new" || true
  for pair in "$@"; do
    [ -z "${pair#*=}" ] || printf '%s\n' "$pair" >>"$new"
  done
  if [ -f "$settings" ] && cmp -s "$new" "$settings"; then
    rm -- "$new"
  elif [ -n "$dry_run" ]; then
    rm -- "$new"
    log "would write to $settings: $*"
  else
    mv -- "$new" "$settings"
    log "wrote to $settings: $*"
  fi
}

read_settings() {
  local line number=0 name
  [ -f "$settings" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line%$'\r'}
    case $line in '' | '#'*) continue ;; esac
    [[ $line =~ ^[A-Z][A-Z0-9_]*= ]] || fail 2 "$settings, line $number: not of the form NAME=value"
    name=${line%%=*}
    case $name in
      RIVA_* | GATEWAY_HOST | GATEWAY_PORT | GATEWAY_IMAGE | NIM_HTTP_API_PORT | NIM_TAGS_SELECTOR | NGC_SECRET_ARN) ;;
      NODE_EXPORTER_IMAGE | GPU_EXPORTER_IMAGE | AWS_REGION | AWS_PROFILE) ;;
      *) fail 2 "$settings, line $number: unknown setting $name (deploy/aws/riva.env.example has all)" ;;
    esac
    [ -n "${!name+set}" ] || [ -z "${line#*=}" ] || export "$name=${line#*=}"
  done <"$settings"
}

for argument in "$@"; do
  case $argument in
    --dry-run) dry_run=yes ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) operands+=("$argument") ;;
  esac
done
read_settings
# Version 1 of the AWS CLI knows the second name alone.
[ -z "${AWS_REGION:-}" ] || export AWS_DEFAULT_REGION=$AWS_REGION

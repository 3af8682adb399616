#!/usr/bin/env bash
# Makes the host run another image of its recogniser, by Systems Manager: the hook `start` of deploy/aws/rollout.yaml. It does not wait for
# the server to be ready; `bench rollout` does.
#   scripts/riva-host-release.sh [--dry-run] IMAGE@sha256:...
# Settings (environment or riva.env): RIVA_INSTANCE_ID, AWS_REGION. RIVA_POLL_S (10): how often it asks whether the host is done.
# shellcheck source=scripts/lib/riva.sh
. "$(dirname -- "$0")/lib/riva.sh"

need RIVA_INSTANCE_ID "the host, written by riva-100-provision.sh"
need_command aws "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
image=${operands[0]:-}
[[ $image =~ ^[a-zA-Z0-9][a-zA-Z0-9._/:-]*@sha256:[0-9a-f]{64}$ ]] || fail 2 "'$image' is no image with its digest (NAME@sha256:...)"

send=(aws ssm send-command --instance-ids "$RIVA_INSTANCE_ID" --document-name AWS-RunShellScript
  --parameters "commands=/usr/local/lib/riva-bench/release $image" --query Command.CommandId --output text)
if [ -n "$dry_run" ]; then
  run "${send[@]}"
  exit 0
fi
command=$(run "${send[@]}") || fail 1 "Systems Manager did not take the command: see its error above"
# `aws ssm wait` gives up after 100 s; an image of tens of gigabytes takes longer. Systems Manager's own limit is an hour.
asked=(aws ssm get-command-invocation --command-id "$command" --instance-id "$RIVA_INSTANCE_ID")
failures=0
status=Pending
while :; do
  case $status in
    Success) exit 0 ;;
    Pending | InProgress | Delayed) sleep "${RIVA_POLL_S:-10}" ;;
    *) fail 1 "the host did not do it ($status): ${asked[*]}" ;;
  esac
  if status=$("${asked[@]}" --query Status --output text 2>&1); then
    failures=0
  else
    # For some seconds it does not know the command that it has just taken.
    failures=$((failures + 1))
    [ "$failures" -lt 6 ] || fail 1 "Systems Manager can't be asked: $status"
    status=Pending
  fi
done

#!/usr/bin/env bash
# Makes the host run another image of its recogniser, by Systems Manager: the hook `start` of deploy/aws/rollout.yaml. It does not wait for
# the server to be ready; `bench rollout` does.
#   scripts/riva-host-release.sh [--dry-run] IMAGE@sha256:...
# Settings (environment or riva.env): RIVA_INSTANCE_ID, AWS_REGION.
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
run aws ssm wait command-executed --command-id "$command" --instance-id "$RIVA_INSTANCE_ID" ||
  fail 1 "the host did not do it: aws ssm get-command-invocation --command-id $command --instance-id $RIVA_INSTANCE_ID"

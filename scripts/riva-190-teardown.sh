#!/usr/bin/env bash
# Deletes the stack that riva-100-provision.sh made, with its host and disk, and takes the host out of riva.env. Run again it does nothing.
#   scripts/riva-190-teardown.sh [--dry-run]
# Settings (environment or riva.env): RIVA_STACK (riva-host), AWS_REGION.
# shellcheck source=scripts/lib/riva.sh
. "$(dirname -- "$0")/lib/riva.sh"
# shellcheck source=scripts/lib/riva-stack.sh
. "$(dirname -- "$0")/lib/riva-stack.sh"

read_stack
case $(stack_status) in
  '')
    log "there is no stack $stack in ${AWS_REGION:-the default region}"
    # A stack of another name or region may hold the host.
    [ -z "${RIVA_INSTANCE_ID:-}" ] ||
      log "$settings still names the host $RIVA_INSTANCE_ID: set RIVA_STACK and AWS_REGION to its own, or take the lines out"
    exit 0
    ;;
  *)
    need_own_stack
    # All stacks of this script bear the same mark: this one must be that of riva.env, or be named.
    instance=$(stack_lines output | awk -F '\t' '$1 == "InstanceId" { print $2 }')
    [ -n "${RIVA_STACK:-}" ] || [ -z "$instance" ] || [ "$instance" = "${RIVA_INSTANCE_ID:-}" ] ||
      fail 2 "the stack $stack has the host $instance, not the one of $settings (${RIVA_INSTANCE_ID:-none}): set RIVA_STACK=$stack if it is to be deleted"
    run aws cloudformation delete-stack --stack-name "$stack" || fail 1 "AWS did not delete $stack: see its error above"
    run aws cloudformation wait stack-delete-complete --stack-name "$stack" ||
      fail 1 "the stack $stack was not deleted: aws cloudformation describe-stack-events --stack-name $stack tells why"
    ;;
esac
if [ -f "$settings" ] && grep -qE '^(RIVA_HOST|RIVA_INSTANCE_ID)=' "$settings"; then
  remember RIVA_HOST= RIVA_PORT= NIM_HTTP_API_PORT= RIVA_INSTANCE_ID= GATEWAY_HOST= GATEWAY_PORT=
fi

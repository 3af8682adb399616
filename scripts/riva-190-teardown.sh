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
  '') log "there is no stack $stack" ;;
  *)
    need_own_stack
    run aws cloudformation delete-stack --stack-name "$stack" || fail 1 "AWS did not delete $stack: see its error above"
    run aws cloudformation wait stack-delete-complete --stack-name "$stack" ||
      fail 1 "the stack $stack was not deleted: aws cloudformation describe-stack-events --stack-name $stack tells why"
    ;;
esac
if [ -f "$settings" ] && grep -qE '^(RIVA_HOST|RIVA_INSTANCE_ID)=' "$settings"; then
  remember RIVA_HOST= RIVA_PORT= NIM_HTTP_API_PORT= RIVA_INSTANCE_ID= GATEWAY_HOST= GATEWAY_PORT=
fi

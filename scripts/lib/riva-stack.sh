# shellcheck shell=bash
# The CloudFormation stack of the host (RIVA_STACK, riva-host), for those of scripts/riva-1*.sh that ask AWS. Sourced after riva.sh.
stack=${RIVA_STACK:-riva-host}
# Marks a stack as made by riva-100-provision.sh; no other is touched.
owner=riva-bench

# Prints what AWS answers, as lines of fields.
aws_reads() {
  aws "$@" --output text || fail 1 "aws $1 $2 failed: see its error above"
}

# Its status; nothing when there is no such stack.
stack_status() {
  local answer
  if answer=$(aws cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].StackStatus' --output text 2>&1); then
    echo "$answer"
  else
    case $answer in
      *"does not exist"*) ;;
      *) fail 1 "aws cloudformation describe-stacks failed: $answer" ;;
    esac
  fi
}

need_own_stack() {
  local tag
  tag=$(aws_reads cloudformation describe-stacks --stack-name "$stack" --query "Stacks[0].Tags[?Key=='made-by'].Value")
  [ "$tag" = "$owner" ] ||
    fail 2 "the stack $stack was not made by riva-100-provision.sh: set RIVA_STACK to another name"
}

need_command aws "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
# shellcheck disable=SC2154 # riva.sh sets it
[ ${#operands[@]} -eq 0 ] || fail 2 "unknown argument ${operands[0]} (--dry-run and --help are known)"

# shellcheck shell=bash
# The CloudFormation stack of the host (RIVA_STACK, riva-host), for those of scripts/riva-1*.sh that ask AWS. Sourced after riva.sh.
stack=${RIVA_STACK:-riva-host}
# Marks a stack as made by riva-100-provision.sh; no other is touched.
owner=riva-bench

# Prints what AWS answers, as lines of fields.
aws_reads() {
  aws "$@" --output text || fail 1 "aws $1 $2 failed: see its error above"
}

# Asks for the stack, once for all that follows; stack_has is empty when there is no such stack.
read_stack() {
  local query
  query="Stacks[0].[[['status', 'status', StackStatus]], Tags[].['tag', Key, Value], \
    Parameters[].['parameter', ParameterKey, ParameterValue], Outputs[].['output', OutputKey, OutputValue]][]"
  if ! stack_has=$(aws cloudformation describe-stacks --stack-name "$stack" --query "$query" --output text 2>&1); then
    case $stack_has in
      *"does not exist"*) stack_has= ;;
      *) fail 1 "aws cloudformation describe-stacks failed: $stack_has" ;;
    esac
  fi
}

# Lines of name and value, with a tab between them: KIND (status, tag, parameter, output).
stack_lines() {
  awk -F '\t' -v kind="$1" '$1 == kind { print $2 "\t" $3 }' <<<"$stack_has"
}

stack_status() {
  stack_lines status | cut -f 2
}

need_own_stack() {
  stack_lines tag | grep -qxF "made-by"$'\t'"$owner" ||
    fail 2 "the stack $stack was not made by riva-100-provision.sh: set RIVA_STACK to another name"
}

need_command aws "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
# shellcheck disable=SC2154 # riva.sh sets it
[ ${#operands[@]} -eq 0 ] || fail 2 "unknown argument ${operands[0]} (--dry-run and --help are known)"

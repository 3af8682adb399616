#!/usr/bin/env bash
# Makes the GPU host of deploy/aws/riva-host.yaml and writes RIVA_HOST and its ports to riva.env. Run again it changes nothing: it
# waits for a stack that is being made, and refuses other settings than those that the stack was made with (a release is changed by
# `bench rollout deploy`, all else by riva-190-teardown.sh and this script).
#   scripts/riva-100-provision.sh [--dry-run]
# Settings (environment or riva.env; deploy/aws/riva.env.example explains them): RIVA_IMAGE, NGC_SECRET_ARN, RIVA_AMI, RIVA_SUBNET;
# optional: AWS_REGION, RIVA_STACK, RIVA_SERVER, RIVA_INSTANCE_TYPE, RIVA_DISK_GIGABYTES, RIVA_ALLOWED_CIDR, RIVA_PUBLIC_ADDRESS,
# NIM_TAGS_SELECTOR, GATEWAY_IMAGE, NODE_EXPORTER_IMAGE, GPU_EXPORTER_IMAGE.
# shellcheck source=scripts/lib/riva.sh
. "$(dirname -- "$0")/lib/riva.sh"
# shellcheck source=scripts/lib/riva-stack.sh
. "$(dirname -- "$0")/lib/riva-stack.sh"

need RIVA_IMAGE "image of the recogniser, NAME@sha256:DIGEST"
need NGC_SECRET_ARN "secret of Secrets Manager that holds the NGC API key"
need RIVA_AMI "AMI with NVIDIA's driver and Docker"
need RIVA_SUBNET "subnet of the host"

device=$(aws_reads ec2 describe-images --image-ids "$RIVA_AMI" --query 'Images[0].RootDeviceName')
[ "$device" != None ] || fail 2 "there is no AMI $RIVA_AMI in this region"
network=$(aws_reads ec2 describe-subnets --subnet-ids "$RIVA_SUBNET" --query 'Subnets[0].VpcId')

parameters=(
  "Server=${RIVA_SERVER:-nim}"
  "SpeechImage=$RIVA_IMAGE"
  "NgcSecretArn=$NGC_SECRET_ARN"
  "ImageId=$RIVA_AMI"
  "RootDeviceName=$device"
  "VpcId=$network"
  "SubnetId=$RIVA_SUBNET"
)
optional() { # parameter, value
  [ -z "$2" ] || parameters+=("$1=$2")
}
optional GatewayImage "${GATEWAY_IMAGE:-}"
optional NodeExporterImage "${NODE_EXPORTER_IMAGE:-}"
optional GpuExporterImage "${GPU_EXPORTER_IMAGE:-}"
optional NimTagsSelector "${NIM_TAGS_SELECTOR:-}"
optional InstanceType "${RIVA_INSTANCE_TYPE:-}"
optional DiskGigabytes "${RIVA_DISK_GIGABYTES:-}"
optional AllowedCidr "${RIVA_ALLOWED_CIDR:-}"
optional PublicAddress "${RIVA_PUBLIC_ADDRESS:-}"

create() {
  local pair list=()
  # The AWS CLI splits its short form at commas.
  for pair in "${parameters[@]}"; do
    list+=("ParameterKey=${pair%%=*},ParameterValue=\"${pair#*=}\"")
  done
  run aws cloudformation create-stack --stack-name "$stack" --template-body "file://$root/deploy/aws/riva-host.yaml" \
    --capabilities CAPABILITY_IAM --tags "Key=made-by,Value=$owner" --parameters "${list[@]}" --output text ||
    fail 1 "AWS did not take the stack: see its error above"
}

# Only what is set is compared: the rest are the template's defaults.
need_same_settings() {
  local pair key value
  while IFS=$'\t' read -r key value; do
    for pair in "${parameters[@]}"; do
      [ "${pair%%=*}" != "$key" ] || [ "${pair#*=}" = "$value" ] ||
        fail 2 "the stack $stack was made with $key=$value, not ${pair#*=}: see --help"
    done
  done <<<"$(stack_lines parameter)"
}

read_stack
status=$(stack_status)
case $status in
  '') create ;;
  CREATE_IN_PROGRESS | CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE)
    need_own_stack
    need_same_settings
    log "the stack $stack is there ($status)"
    ;;
  *) fail 1 "the stack $stack is in state $status: look at its events, then run riva-190-teardown.sh" ;;
esac
if [ "$status" = '' ] || [ "$status" = CREATE_IN_PROGRESS ]; then
  run aws cloudformation wait stack-create-complete --stack-name "$stack" ||
    fail 1 "the stack $stack was not made: aws cloudformation describe-stack-events --stack-name $stack tells why"
  # Nothing was made that could be asked.
  [ -z "$dry_run" ] || exit 0
  read_stack
fi

host=
gateway=
found=()
while IFS=$'\t' read -r key value; do
  case $key in
    RivaHost) host=$value ;;
    RivaPort) found+=("RIVA_PORT=$value") ;;
    NimHttpPort) found+=("NIM_HTTP_API_PORT=$value") ;;
    GatewayPort) gateway=$value ;;
    Server) found+=("RIVA_SERVER=$value") ;;
    InstanceId) found+=("RIVA_INSTANCE_ID=$value") ;;
    Region) found+=("AWS_REGION=$value") ;;
  esac
done <<<"$(stack_lines output)"
[ -n "$host" ] || fail 1 "the stack $stack has no output RivaHost"
remember "RIVA_HOST=$host" "${found[@]}" "GATEWAY_HOST=${gateway:+$host}" "GATEWAY_PORT=$gateway"
log "the host is $host; a NIM's first start may take 45 minutes: RIVA_WAIT_S=2700 scripts/riva-105-check.sh"

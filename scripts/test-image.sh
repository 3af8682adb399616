#!/usr/bin/env bash
# Builds the image (scripts/build-image.sh) and uses it as a stranger would: test/image. On Linux as root the containers get a network of
# their own that reaches nothing else. Whatever ends it, its containers, networks and folders are removed.
#   scripts/test-image.sh [ARGUMENTS OF VITEST]        BENCH_IMAGE_BUILT=1 takes riva-bench:test as it is
set -euo pipefail
cd -- "$(dirname -- "$0")/.."
export RIVA_BENCH_TAG=test

if [ -z "${BENCH_IMAGE_RUN:-}" ]; then
  [ -n "${BENCH_IMAGE_BUILT:-}" ] || scripts/build-image.sh --tag "riva-bench:$RIVA_BENCH_TAG"
  if command -v podman >/dev/null && ! build/podman-compose/bin/podman-compose --version >/dev/null 2>&1; then
    python3 -m venv build/podman-compose
    build/podman-compose/bin/pip install --quiet --disable-pip-version-check 'podman-compose>=1.6,<2'
  fi
  # For the rollback drill, before the network is gone.
  scripts/get-prometheus.sh >/dev/null
  export BENCH_IMAGE_RUN=riva-bench-test-$$
  [ "$(id -u)" != 0 ] || ! command -v podman >/dev/null || exec unshare --net -- "$0" "$@"
else
  ip link set lo up
fi

BENCH_IMAGE_FOLDER=$(mktemp -d)
export BENCH_IMAGE_FOLDER
chmod 755 "$BENCH_IMAGE_FOLDER"
engine=docker
if command -v podman >/dev/null; then
  engine=podman
  # Podman's own limits are more than root may set everywhere.
  printf '[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]\n' >"$BENCH_IMAGE_FOLDER/containers.conf"
  export CONTAINERS_CONF=$BENCH_IMAGE_FOLDER/containers.conf
fi
export CONTAINER_ENGINE=$engine

# shellcheck disable=SC2317 # by the trap
clean() {
  local label id options=(--force --volumes)
  trap - EXIT INT TERM
  set +e
  # With those that use its network, at once.
  [ "$engine" = docker ] || options+=(--depend --ignore --time 0)
  for label in riva-bench-test io.podman.compose.project; do
    for id in $("$engine" ps --all --quiet --filter "label=$label=$BENCH_IMAGE_RUN"); do
      "$engine" rm "${options[@]}" "$id" >/dev/null
    done
  done
  [ "$engine" = docker ] || "$engine" network rm --force "${BENCH_IMAGE_RUN}_default" >/dev/null 2>&1 || true
  rm -rf "$BENCH_IMAGE_FOLDER"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
npx vitest run --project image "$@"

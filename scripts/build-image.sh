#!/usr/bin/env bash
# Builds the image of deploy/Dockerfile with podman or docker, and prints its name and its size. A base image that can't be pulled is
# made of Debian's packages and of Node and npm from the npm registry, and kept as localhost/riva-bench-... Where there is no podman
# and no running docker, podman is installed (Debian, as root).
#   scripts/build-image.sh [--tag NAME] [--engine podman|docker]        riva-bench:VERSION without --tag
# PULL_LIMIT_S (600): how long the pull of a base image may take.
# Exit code 3: this machine can't build images, or can't reach what they are made of.
set -euo pipefail
shopt -s inherit_errexit
cd -- "$(dirname -- "$0")/.."
tag=riva-bench:$(node -p 'require("./package.json").version')
engine=${CONTAINER_ENGINE:-}
debian=(apt-get -qq -o DPkg::Lock::Timeout=300)

cannot() {
  echo "build-image: $1" >&2
  exit "${2:-1}"
}

while [ $# -gt 0 ]; do
  case $1 in
    --help | -h)
      sed -n '2,/^set /s/^# \{0,1\}//p' "$0"
      exit
      ;;
    --tag) tag=${2:?build-image: --tag needs a name} ;;
    --engine) engine=${2:?build-image: --engine needs podman or docker} ;;
    *) cannot "unknown argument $1 (see --help)" 2 ;;
  esac
  shift 2
done

find_engine() {
  if command -v podman >/dev/null; then
    engine=podman
  elif docker version >/dev/null 2>&1; then
    engine=docker
  else
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then cannot "needs podman or a running docker" 3; fi
    echo "build-image: installing podman" >&2
    "${debian[@]}" update >&2
    DEBIAN_FRONTEND=noninteractive "${debian[@]}" install -y --no-install-recommends \
      podman runc netavark aardvark-dns iptables >/dev/null || cannot "apt-get can't install podman" 3
    engine=podman
  fi
}

# Unpacks packages of Debian, without installing them: FOLDER PACKAGE...
unpack() {
  local folder=$1 archives archive
  shift
  archives=$(mktemp -d "$scratch/debian-XXXX")
  apt-cache show "$1" >/dev/null 2>&1 || "${debian[@]}" update >&2
  (cd "$archives" && "${debian[@]}" download "$@" 2>/dev/null) || cannot "apt-get can't download $*" 3
  for archive in "$archives"/*.deb; do dpkg -x "$archive" "$folder"; done
  rm -rf "$folder/usr/share/man" "$folder/usr/share/locale" "$folder/usr/share/lintian"
}

# Unpacks an npm package: FOLDER PACKAGE
unpack_npm() {
  local archive
  archive=$(cd "$scratch" && npm pack --silent "$2") || cannot "npm can't download $2" 3
  mkdir -p "$1"
  tar -C "$1" --strip-components 1 -xzf "$scratch/$archive"
}

# In place of node:22-bookworm-slim, for the stages that build: a shell, Node and npm.
make_base() {
  local root=$1 machine
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) cannot "npm has no Node for $(uname -m)" ;;
  esac
  unpack "$root" dash coreutils findutils sed libc6 libstdc++6 libgcc-s1 libselinux1 libacl1 libattr1 libgmp10 libpcre2-8-0
  unpack_npm "$scratch/node" "node-linux-$machine@22"
  install -D "$scratch/node/bin/node" "$root/usr/local/bin/node"
  unpack_npm "$root/usr/local/lib/node_modules/npm" npm@10
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  # Authorities of this machine's own, for npm. They stay in these stages.
  install -Dm 644 "${NODE_EXTRA_CA_CERTS:-/dev/null}" "$root/etc/ssl/extra.crt"
}

# In place of gcr.io/distroless/cc-debian13: the same packages, of this machine's Debian.
make_runtime() {
  local root=$1
  unpack "$root" base-files netbase tzdata ca-certificates libc6 libssl3 libzstd1 zlib1g libgomp1 libstdc++6 libgcc-s1
  cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
  rm -r "$root/usr/share/ca-certificates" "$root/usr/sbin"
  echo 'root:x:0:0:root:/root:/sbin/nologin' >"$root/etc/passwd"
  # Names of --add-host lie in /etc/hosts.
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
}

# Prints the name of a base image of the Dockerfile, or of its stand-in: ARGUMENT [OPTION OF IMPORT...]
base() {
  local name stand_in=localhost/riva-bench-${1,,}:2 root
  name=$(sed -n "s/^ARG $1=//p" deploy/Dockerfile)
  if "$engine" image inspect "$name" >/dev/null 2>&1 || timeout "${PULL_LIMIT_S:-600}" "$engine" pull --quiet "$name" >/dev/null 2>&1; then
    echo "$name"
    return
  fi
  if ! "$engine" image inspect "$stand_in" >/dev/null 2>&1; then
    echo "build-image: $name can't be pulled, making $stand_in" >&2
    command -v dpkg >/dev/null || cannot "$name can't be pulled, and there is no Debian here to make one of"
    root=$(mktemp -d "$scratch/root-XXXX")
    chmod 755 "$root"
    mkdir -p "$root/etc/ssl/certs" "$root/tmp"
    chmod 1777 "$root/tmp"
    "make_${1,,}" "$root"
    tar -C "$root" --owner 0 --group 0 --numeric-owner -cf - . |
      "$engine" import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' "${@:2}" - "$stand_in" >&2
  fi
  echo "$stand_in"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
[ -n "$engine" ] || find_engine
"$engine" info >/dev/null 2>&1 || cannot "$engine can't run containers on this machine" 3
base=$(base BASE --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/extra.crt')
runtime=$(base RUNTIME)
# npm asks the registry from inside.
options=(--network host)
# Podman's own format has no health checks.
[ "$engine" = docker ] || options+=(--format docker --layers)
commit=$(git rev-parse --short=12 HEAD 2>/dev/null || true)
"$engine" build "${options[@]}" --file deploy/Dockerfile --build-arg "BASE=$base" --build-arg "RUNTIME=$runtime" \
  --build-arg "BENCH_COMMIT=$commit" --tag "$tag" . >&2
echo "$tag: $(($("$engine" image inspect --format '{{.Size}}' "$tag") / 1000000)) MB, Node of $base on $runtime"

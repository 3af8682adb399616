#!/usr/bin/env bash
# Helm for the tests of the chart (test/chart), below build/: nothing is installed. From its release page, else built by Go (two
# minutes). Prints its path. Fails, saying why, when it can't be had. A helm of one's own: HELM=/path/to/it.
#   scripts/get-helm.sh [--download-only]
set -euo pipefail
cd -- "$(dirname -- "$0")/.."
version=3.22.0
folder=$PWD/build/helm-$version
helm=$folder/helm

if [ -n "${HELM:-}" ]; then
  echo "$HELM"
  exit 0
fi

cannot() {
  echo "get-helm: $1; a helm of 3.8 or later will do: HELM=/path/to/helm" >&2
  exit 1
}

download() {
  local system machine archive
  system=$(uname -s | tr '[:upper:]' '[:lower:]')
  case $(uname -m) in
    x86_64) machine=amd64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) return 1 ;;
  esac
  archive=helm-v$version-$system-$machine.tar.gz
  command -v curl >/dev/null && command -v sha256sum >/dev/null || return 1
  curl -fsSL --connect-timeout 10 --max-time 300 -o "$folder/$archive" "https://get.helm.sh/$archive" 2>/dev/null &&
    curl -fsSL --connect-timeout 10 --max-time 60 -o "$folder/$archive.sha256sum" \
      "https://get.helm.sh/$archive.sha256sum" 2>/dev/null &&
    (cd "$folder" && sha256sum --check --quiet "$archive.sha256sum" >&2) &&
    tar -xzf "$folder/$archive" -C "$folder" --strip-components 1 "$system-$machine/helm"
}

if [ ! -x "$helm" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  if ! download; then
    [ "${1:-}" != --download-only ] || cannot "get.helm.sh can't be reached"
    command -v go >/dev/null || cannot "get.helm.sh can't be reached, and there is no go to build it with"
    echo "get-helm: building helm $version" >&2
    GOBIN=$folder go install "helm.sh/helm/v3/cmd/helm@v$version" >"$folder/build.log" 2>&1 ||
      cannot "go can't build it (see $folder/build.log)"
  fi
fi
echo "$helm"

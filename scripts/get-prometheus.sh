#!/usr/bin/env bash
# Debian's Prometheus, promtool, Alertmanager and Pushgateway for the observability tests, unpacked into a folder: nothing is
# installed, no service is started, and no root is needed when the package lists are there. Prints the folder of the binaries.
#   scripts/get-prometheus.sh [FOLDER]
set -euo pipefail
folder=${1:-$(dirname "$0")/../node_modules/.cache/prometheus}
packages=(prometheus prometheus-alertmanager prometheus-pushgateway)

if ! [ -x "$folder/usr/bin/prometheus" ] || ! [ -x "$folder/usr/bin/prometheus-pushgateway" ]; then
  command -v apt-get >/dev/null || {
    echo "get-prometheus: no apt-get here; put prometheus, promtool, prometheus-alertmanager, amtool and prometheus-pushgateway into $folder/usr/bin by hand" >&2
    exit 1
  }
  mkdir -p "$folder/debs"
  cd "$folder/debs"
  # The lists of a fresh container are empty; updating them needs root.
  apt-cache show "${packages[@]}" >/dev/null 2>&1 || apt-get update -qq >&2
  apt-get download -qq "${packages[@]}" >&2
  for deb in *.deb; do dpkg -x "$deb" ..; done
  cd - >/dev/null
fi
cd "$folder/usr/bin" && pwd

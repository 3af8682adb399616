#!/usr/bin/env bash
# Debian's Prometheus, promtool, Alertmanager and Pushgateway for the observability tests, unpacked into a folder: nothing is
# installed and no service is started or enabled. Two files go to their place, for Debian's Alertmanager looks for its
# templates there alone: that needs root, once. Prints the folder of the binaries.
#   scripts/get-prometheus.sh [FOLDER]
set -euo pipefail
folder=${1:-$(dirname -- "$0")/../node_modules/.cache/prometheus}
case $folder in
  /*) ;;
  *) folder=$PWD/$folder ;;
esac
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

templates=/usr/share/prometheus/alertmanager
if ! [ -e "$templates/default.tmpl" ] || ! [ -e "$templates/email.tmpl" ]; then
  install -D -m 644 -t "$templates" "$folder$templates"/{default,email}.tmpl || {
    echo "get-prometheus: can't write to $templates, and Alertmanager does not start without it: run this once as root" >&2
    exit 1
  }
fi
cd "$folder/usr/bin" && pwd

#!/usr/bin/env bash
# Debian's PocketSphinx and its English models for `bench emulator --engine pocketsphinx` and its tests: installs them where they are
# missing, which needs root. Prints the folder of the models. Fails, saying why, when they can't be had.
#   scripts/get-pocketsphinx.sh
set -euo pipefail
packages=(libpocketsphinx3 pocketsphinx-en-us)
models=/usr/share/pocketsphinx/model/en-us

have() { [ -s "$models/en-us.lm.bin" ] && compgen -G "/usr/lib/*/libpocketsphinx.so.3" >/dev/null; }
cannot() {
  echo "get-pocketsphinx: $1; by hand: apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
}

if ! have; then
  command -v apt-get >/dev/null || cannot "no apt-get here"
  [ "$(id -u)" -eq 0 ] || cannot "only root can install packages"
  # The lists of a fresh container are empty.
  apt-cache show "${packages[@]}" >/dev/null 2>&1 || apt-get update -qq >&2 || cannot "apt-get update failed"
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "${packages[@]}" >&2 ||
    cannot "apt-get can't install ${packages[*]}"
  have || cannot "the packages here have no libpocketsphinx.so.3 (Debian 12 and 13 have it)"
fi
echo "$models"

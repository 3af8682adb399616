#!/usr/bin/env bash
# Debian's libfaketime for the tests of a wall clock that is set in the middle of a run, unpacked into a folder: nothing is
# installed. Prints the path of the library.
#   scripts/get-faketime.sh [FOLDER]
set -euo pipefail
folder=${1:-$(dirname -- "$0")/../node_modules/.cache/faketime}
case $folder in
  /*) ;;
  *) folder=$PWD/$folder ;;
esac

library() { find "$folder" -name 'libfaketimeMT.so.1' -print -quit 2>/dev/null; }

if [ -z "$(library)" ]; then
  command -v apt-get >/dev/null || {
    echo "get-faketime: no apt-get here; put libfaketimeMT.so.1 into $folder by hand" >&2
    exit 1
  }
  mkdir -p "$folder/debs"
  cd "$folder/debs"
  # The lists of a fresh container are empty; updating them needs root.
  apt-cache show libfaketime >/dev/null 2>&1 || apt-get update -qq >&2
  apt-get download -qq libfaketime >&2
  for deb in *.deb; do dpkg -x "$deb" ..; done
  cd - >/dev/null
fi
library

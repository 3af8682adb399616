#!/bin/sh
# Makes this host run another image of its recogniser: SPEECH_IMAGE of release.env, then a restart. The old image serves until the new
# one is here: one that can't be pulled changes nothing. When it returns, the old image has ended; the start of the new one is not waited for.
set -eu
image=$1
case $image in
  *[!a-zA-Z0-9._/:@-]* | *@*@*) ;;
  *@sha256:*)
    NGC_SECRET_ARN=$(sed -n 's/^NGC_SECRET_ARN=//p' /etc/riva-bench/host.env)
    AWS_DEFAULT_REGION=$(sed -n 's/^AWS_DEFAULT_REGION=//p' /etc/riva-bench/host.env)
    export NGC_SECRET_ARN AWS_DEFAULT_REGION
    install -d -m 0700 /run/riva-bench
    /usr/local/lib/riva-bench/pull "$image"
    sed -i "s|^SPEECH_IMAGE=.*|SPEECH_IMAGE=$image|" /etc/riva-bench/release.env
    for unit in riva-nim riva-legacy; do
      if systemctl --quiet is-enabled "$unit"; then
        systemctl stop "$unit"
        systemctl --no-block start "$unit"
      fi
    done
    exit 0
    ;;
esac
echo "release: $image is not pinned by digest (NAME@sha256:...)" >&2
exit 1

#!/bin/sh
# Pulls an image by digest. nvcr.io gets the NGC key, ECR the instance's role, another registry no credentials.
set -eu
image=$1
fail() {
  echo "pull: $1" >&2
  exit 1
}
case $image in
  *@sha256:*) ;;
  *) fail "$image must be pinned by digest (NAME@sha256:...) in /etc/riva-bench/release.env" ;;
esac
docker image inspect "$image" >/dev/null 2>&1 && exit 0
export DOCKER_CONFIG=/run/riva-bench/docker
registry=$(printf '%s' "$image" | cut -d / -f 1)
case $registry in
  nvcr.io)
    /usr/local/lib/riva-bench/ngc-key
    # shellcheck disable=SC2016 # the user's name at nvcr.io
    sed 's/^NGC_API_KEY=//' /run/riva-bench/ngc.env |
      docker login --username '$oauthtoken' --password-stdin nvcr.io >/dev/null ||
      fail "nvcr.io refused the NGC key"
    ;;
  *.dkr.ecr.*)
    aws ecr get-login-password | docker login --username AWS --password-stdin "$registry" >/dev/null ||
      fail "$registry refused this instance's role"
    ;;
esac
docker pull --quiet "$image" || fail "can't pull $image"

#!/usr/bin/env bash
# Makes certificates for tests and local use: an authority, a server certificate for localhost and 127.0.0.1, a client
# certificate. Never commit what it writes.
#   scripts/make-certs.sh FOLDER [DAYS]
set -euo pipefail
folder=${1:?usage: scripts/make-certs.sh FOLDER [DAYS]}
days=${2:-30}
mkdir -p "$folder"
cd "$folder"

key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null ||
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }

sign() { # name, subject, extensions
  openssl req -new -key "$1.key" -subj "$2" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" -extfile <(printf '%s' "$3") -out "$1.crt" 2>/dev/null
}

key ca
openssl req -x509 -new -key ca.key -subj "/CN=riva-bench test authority" -days "$days" -out ca.crt
key server
sign server "/CN=localhost" "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
key client
sign client "/CN=riva-bench client" "extendedKeyUsage=clientAuth"

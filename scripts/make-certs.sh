#!/usr/bin/env bash
# Makes certificates for tests and local use: an authority, a server certificate for localhost and 127.0.0.1, a client
# certificate; and some that are no good: `expired` and `elsewhere` (another host's) for servers, `stranger` (of an authority
# that nobody knows) for either side. Never commit what it writes.
#   scripts/make-certs.sh FOLDER [DAYS]
set -euo pipefail
folder=${1:?usage: scripts/make-certs.sh FOLDER [DAYS]}
days=${2:-30}
mkdir -p -- "$folder"
cd -- "$folder"

key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null ||
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }

authority() { # name, subject
  key "$1"
  openssl req -x509 -new -key "$1.key" -subj "$2" -days "$days" -out "$1.crt"
}

sign() { # name, subject, extensions, authority
  key "$1"
  openssl req -new -key "$1.key" -subj "$2" |
    openssl x509 -req -CA "$4.crt" -CAkey "$4.key" -CAcreateserial -days "$days" -extfile <(printf '%s' "$3") -out "$1.crt" 2>/dev/null
}

# Signed for a day in the past: `openssl x509` counts days from now only, `openssl ca` takes dates.
sign_for_the_past() { # name, subject, extensions, authority
  local book
  book=$(mktemp -d)
  : >"$book/index"
  echo 01 >"$book/serial"
  printf '%s' "$3" >"$book/extensions"
  cat >"$book/config" <<EOF
[ca]
default_ca = here
[here]
new_certs_dir = $book
database = $book/index
serial = $book/serial
default_md = sha256
policy = any
[any]
commonName = supplied
EOF
  key "$1"
  openssl req -new -key "$1.key" -subj "$2" -out "$book/request"
  openssl ca -batch -notext -config "$book/config" -extfile "$book/extensions" -cert "$4.crt" -keyfile "$4.key" \
    -startdate 20200101000000Z -enddate 20200102000000Z -in "$book/request" -out "$1.crt" 2>/dev/null
  rm -r -- "$book"
}

local_names="subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
authority ca "/CN=riva-bench test authority"
sign server "/CN=localhost" "$local_names" ca
sign client "/CN=riva-bench client" "extendedKeyUsage=clientAuth" ca
sign_for_the_past expired "/CN=localhost" "$local_names" ca
sign elsewhere "/CN=elsewhere.example" "subjectAltName=DNS:elsewhere.example" ca
authority other-ca "/CN=another authority"
sign stranger "/CN=localhost" "$local_names" other-ca

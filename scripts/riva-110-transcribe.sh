#!/usr/bin/env bash
# Transcribes files on the host of RIVA_HOST (`bench transcribe`), a clip of the core dataset where none is named. Exit code: that of bench.
#   scripts/riva-110-transcribe.sh [--dry-run] [FILE.wav ...] [flags of bench transcribe]
# Settings (environment or riva.env): RIVA_HOST, RIVA_SERVER or RIVA_TARGET.
# shellcheck source=scripts/lib/riva.sh
. "$(dirname -- "$0")/lib/riva.sh"

where=$(target)
files=("$root/datasets/core/wav/asterisk-demo-abouttotry.wav")
for operand in ${operands[@]+"${operands[@]}"}; do
  [ ! -f "$operand" ] || files=()
done
run bench transcribe --target "$where" ${files[@]+"${files[@]}"} ${operands[@]+"${operands[@]}"}

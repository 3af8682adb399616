#!/usr/bin/env bash
# Asks the registry for known vulnerabilities of what is installed. Exit 0 none, 1 some, 75 the registry does not answer.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

answer=$(npm audit --json 2>/dev/null)
if ! node -e 'process.exit(JSON.parse(process.argv[1]).auditReportVersion === undefined ? 1 : 0)' "$answer" 2>/dev/null; then
  exit 75
fi
npm audit

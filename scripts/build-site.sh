#!/usr/bin/env bash
# Builds the documentation site into build/site: the pages of docs/ by VitePress, the reference of the library by TypeDoc.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."

if ! [ site/node_modules/.package-lock.json -nt site/package-lock.json ]; then
  npm ci --prefix site --ignore-scripts --no-audit --no-fund
fi
npm run build --prefix site --silent
# Types are checked by `npm run check`.
npx typedoc --out build/site/api --readme none --skipErrorChecking --logLevel Warn
echo "the site is in build/site"

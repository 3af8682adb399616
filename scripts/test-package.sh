#!/usr/bin/env bash
# The package as a stranger gets it: packed, installed into an empty folder, and its main job run there by each Node that is
# supported. Only node, npm and a shell are on the PATH, and the home folder is empty too. The Nodes are those of the npm package
# `node`, below build/nodes/. A minute and a half each.
#   scripts/test-package.sh [20 22 24]
set -euo pipefail
cd -- "$(dirname -- "$0")/.."
root=$PWD
versions=("$@")
[ ${#versions[@]} -gt 0 ] || versions=(20 22 24)
# Megabytes (10^6 bytes) of the tarball: the speech of datasets/core is 5.3 of them.
largest_mb=8

fail() {
  echo "test-package: $1" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT TERM

npm pack --silent --pack-destination "$work" >/dev/null
tarball=$(find "$work" -name 'riva-bench-*.tgz')
tar -tzf "$tarball" >"$work/contents"
bytes=$(wc -c <"$tarball")
echo "packed: $(basename -- "$tarball"), $bytes bytes, $(wc -l <"$work/contents") files"
[ "$bytes" -le $((largest_mb * 1000000)) ] || fail "the package is larger than $largest_mb MB"
if grep -nE '\.test\.|tsbuildinfo|/(test|results|coverage)/|\.env$' "$work/contents"; then
  fail "the package holds files that are for development only (above)"
fi

# Where packages come from is this machine's to say; nothing else of its settings is taken over.
registry=$(npm config get registry)
cache=$(npm config get cache)
npm_folder=$(dirname -- "$(readlink -f "$(command -v npm)")")

# Runs its arguments in the stranger's folder.
stranger() {
  (cd "$folder/project" && env -i "PATH=$folder/bin" "HOME=$folder/home" "npm_config_registry=$registry" \
    "npm_config_cache=$cache" npm_config_prefer_offline=true npm_config_update_notifier=false \
    ${NODE_EXTRA_CA_CERTS:+"NODE_EXTRA_CA_CERTS=$NODE_EXTRA_CA_CERTS"} "$@")
}

# A void run says that this machine was busy, not that the package is broken: up to three tries.
smoke() {
  local try status
  for try in 1 2 3; do
    status=0
    stranger npx bench --scenario smoke --out "out-$try" --quiet >"$work/smoke.txt" 2>&1 || status=$?
    if [ "$status" -eq 0 ] && [ -f "$folder/project/out-$try/result.json" ]; then return; fi
    cat "$work/smoke.txt" >&2
    [ "$status" -eq 5 ] || break
  done
  fail "Node $found: the scenario smoke ended with $status"
}

for version in "${versions[@]}"; do
  started=$SECONDS
  node_folder=$root/build/nodes/$version
  [ -x "$node_folder/node_modules/.bin/node" ] ||
    npm install --prefix "$node_folder" --no-audit --no-fund --no-save --loglevel=error "node@$version" ||
    fail "npm can't install node@$version"
  folder=$work/node-$version
  mkdir -p "$folder/bin" "$folder/home" "$folder/project"
  ln -s "$(readlink -f "$node_folder/node_modules/.bin/node")" "$folder/bin/node"
  ln -s "$npm_folder/npm-cli.js" "$folder/bin/npm"
  ln -s "$npm_folder/npx-cli.js" "$folder/bin/npx"
  ln -s "$(command -v sh)" "$folder/bin/sh"
  found=$(stranger node --version)
  [[ $found == v$version.* ]] || fail "node@$version is $found"

  stranger npm install --no-audit --no-fund --loglevel=error "$tarball" >/dev/null
  installed=$SECONDS
  shown=$(stranger npx bench --version)
  [[ $shown =~ ^[0-9]+\.[0-9]+\.[0-9]+\ \(commit\ [0-9a-f]{12}(-dirty)?\)$ ]] ||
    fail "Node $found: \`bench --version\` prints \"$shown\""
  smoke
  for kit in compose chart github-actions gitlab; do
    stranger npx bench init "$kit" >"$work/init.txt" || fail "Node $found: \`bench init $kit\` ended with $?"
  done
  stranger node --input-type=module --eval \
    'import { runScenario } from "riva-bench"; if (typeof runScenario !== "function") process.exit(1);' ||
    fail "Node $found: the library can't be imported"
  echo "Node $found: bench $shown; installed in $((installed - started)) s, smoke passed, $((SECONDS - started)) s in all"
  rm -rf -- "$folder"
done

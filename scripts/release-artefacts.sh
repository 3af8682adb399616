#!/usr/bin/env bash
# Makes the parts of a release beside the image, in release/: the npm package, its SBOM (CycloneDX), the licences of what it depends on,
# the release notes, and the checksums of all of them. With a tag it fails unless the tag is the version and the changelog speaks of it.
# Two minutes.
#   scripts/release-artefacts.sh [v1.2.3]
set -euo pipefail
cd -- "$(dirname -- "$0")/.."
cyclonedx=6.0.1
out=$PWD/release

fail() {
  echo "release-artefacts: $1" >&2
  exit 1
}

version=$(node -p 'require("./package.json").version')
if [ $# -gt 0 ]; then
  [ "$1" = "v$version" ] || fail "the tag is $1, but package.json says $version: make both with \`npm version\`"
  [ -z "$(git status --porcelain)" ] || fail "there are changes that are in no commit"
  # npm refuses the provenance of a package that does not name its repository, after the image is out.
  repository=$(node -p 'const { repository } = require("./package.json"); repository?.url ?? repository ?? ""')
  case $repository in
    *"${GITHUB_REPOSITORY:-}"*) ;;
    *) fail "\`repository\` of package.json is \"$repository\", not that of $GITHUB_REPOSITORY: npm would refuse the provenance" ;;
  esac
fi

rm -rf -- "$out"
mkdir -- "$out"
if [ $# -gt 0 ]; then
  node --import tsx scripts/release-version.ts --notes >"$out/notes.md"
fi
npm pack --silent --pack-destination "$out" >/dev/null
cp THIRD-PARTY-LICENSES "$out/"
npx --yes "@cyclonedx/cyclonedx-npm@$cyclonedx" --omit dev --omit peer --package-lock-only --output-reproducible \
  --mc-type application --output-format JSON --output-file "$out/riva-bench-$version.cdx.json"
(cd "$out" && sha256sum -- *.tgz *.cdx.json THIRD-PARTY-LICENSES >SHA256SUMS)
echo "release-artefacts: release/ holds"
(cd "$out" && wc -c -- * | sed 's/^/  /')

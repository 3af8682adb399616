#!/usr/bin/env bash
# The charts as they are rendered, by kubernetes-validate (the schemas of three versions of Kubernetes) and checkov (deploy/checkov-charts.yaml), both from
# PyPI below build/chart-tools. A checkov of one's own: CHECKOV=/path/to/it. Exit code 3 and a sentence when they can't be had; 1 when they find something.
#   scripts/check-charts.sh
set -euo pipefail
cd -- "$(dirname -- "$0")/.."
venv=build/chart-tools/venv
packages=('kubernetes-validate>=1.37,<2')
[ -n "${CHECKOV:-}" ] || packages+=('checkov>=3.3,<4')
checkov=${CHECKOV:-$venv/bin/checkov}
digest=sha256:$(printf '0%.0s' {1..64})

cannot() {
  echo "check-charts: $1" >&2
  exit 3
}

works() { "$venv/bin/kubernetes-validate" --version && "$checkov" --version; }

helm=$(scripts/get-helm.sh) || cannot "helm can't be had (see above)"
if ! works >/dev/null 2>&1; then
  python3 -c 'import venv, ensurepip' 2>/dev/null || cannot "python3 with the venv module is not installed"
  rm -rf -- "$venv"
  python3 -m venv "$venv" || cannot "python3 -m venv failed"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2 ||
    cannot "pip can't install ${packages[*]} (no network?)"
  works >/dev/null || cannot "what pip has installed does not run"
fi

folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT

# Without the pods of `helm test`, which end by themselves: CHART NAME VALUES
render() {
  "$helm" template "$2" "deploy/chart/$1" --namespace speech --kube-version 1.34.4 --skip-tests \
    --set "image.digest=$digest" --values - <<<"$3" >"$folder/$2.yaml"
}
render riva-bench run "{ emulator: { enabled: true }, nats: { image: { digest: '$digest' } } }"
render riva-bench run-claims "{ emulator: { enabled: true }, results: { claimSize: 1Gi }, nats: { persistent: true, image: { digest: '$digest' } } }"
render riva-gateway gateway "{ upstreams: [{ name: nim, uri: 'grpc://nim:50051' }] }"
render riva-gateway gateway-all "
upstreams: [{ name: nim, uri: 'grpc://nim:50051' }, { name: nvcf, target: text }]
upstreamCredentials: { existingSecret: nvcf, existingFilesSecret: nvcf-ca }
auth: { existingSecret: keys }
tls: { existingSecret: certificate, clientCertificates: true, probeSecret: probe }
service: { type: LoadBalancer, externalTrafficPolicy: Local, sourceRanges: [192.0.2.0/24] }
autoscaling: { enabled: true, cpuUtilization: 30 }
networkPolicy: { from: [{ podSelector: {} }], upstreamTo: [{ podSelector: {} }], egress: [{ ports: [{ port: 443 }] }] }"

status=0
for version in 1.30 1.34 1.37; do
  "$venv/bin/kubernetes-validate" --quiet --strict --kubernetes-version "$version" "$folder"/*.yaml || status=1
done
"$checkov" --config-file deploy/checkov-charts.yaml --directory "$folder" || status=1
exit "$status"

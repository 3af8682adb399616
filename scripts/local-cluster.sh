#!/usr/bin/env bash
# A Kubernetes of one node for test/cluster, in a network namespace of its own: nothing of it can be reached from outside, and it reaches
# nothing. Its parts are built by Go and unpacked from Debian's packages below build/cluster (CLUSTER_CACHE names another folder; the
# first time takes some ten minutes), nothing is installed. Needs root, Go, apt-get and a Linux that lets containers be made.
#   scripts/local-cluster.sh up          builds what is missing, starts it, loads the images
#   scripts/local-cluster.sh exec CMD    runs a command beside it, with KUBECONFIG, kubectl and helm
#   scripts/local-cluster.sh kill POD CONTAINER
#   scripts/local-cluster.sh down        ends it and removes all traces
set -euo pipefail
from=$PWD
cd -- "$(dirname -- "$0")/.."
repository=$PWD
cache=${CLUSTER_CACHE:-$PWD/build/cluster}
version=v1.34.4
space=riva-bench-cluster
node=10.244.0.1
bin=$cache/bin
debian=$cache/debian
state=$cache/state
namespace=/run/netns/$space

cannot() {
  echo "local-cluster: $1" >&2
  exit 1
}

build() {
  local base=k8s.io/component-base/version client=k8s.io/client-go/pkg/version flags=() name
  mkdir -p "$bin"
  for name in "$base" "$client"; do
    flags+=("-X $name.gitVersion=$version" "-X $name.gitMajor=1" "-X $name.gitMinor=34")
  done
  (
    cd test/cluster/parts
    [ -x "$bin/hyperkube" ] ||
      go build -tags providerless -ldflags "-s -w ${flags[*]}" -o "$bin/hyperkube" . || cannot "go can't build Kubernetes"
    cd etcd
    [ -x "$bin/etcd" ] || go build -o "$bin/etcd" . || cannot "go can't build etcd"
    cd ../pause
    [ -x "$bin/pause" ] || CGO_ENABLED=0 go build -o "$bin/pause" . || cannot "go can't build the pause program"
  )
  [ -x "$bin/coredns" ] || GOBIN=$bin go install github.com/coredns/coredns@v1.15.0 || cannot "go can't build CoreDNS"
  for name in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl; do
    ln -sf hyperkube "$bin/$name"
  done
  ln -sf "$(scripts/get-helm.sh)" "$bin/helm"
}

# Programs of Debian, without installing them.
unpack() {
  local packages name
  packages=(containerd runc containernetworking-plugins conntrack iptables libip4tc2 libip6tc2 libxtables12
    libnetfilter-conntrack3 libnfnetlink0 libnftnl11 libmnl0 libbtrfs0)
  [ -x "$debian/usr/bin/containerd" ] && return
  command -v apt-get >/dev/null || cannot "no apt-get here for containerd, runc and the CNI plugins"
  mkdir -p "$cache/debs" "$debian"
  apt-cache show containerd >/dev/null 2>&1 || apt-get update -qq >&2
  (cd "$cache/debs" && apt-get download -qq "${packages[@]}" 2>/dev/null) || cannot "apt-get can't download ${packages[*]}"
  for name in "$cache"/debs/*.deb; do dpkg -x "$name" "$debian"; done
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -sf xtables-nft-multi "$debian/usr/sbin/$name"
  done
}

# An image as OCI layout, from a folder that becomes its root: NAME FOLDER CONFIG
image() {
  local name=$1 root=$2 config=$3 layout layer diff size
  layout=$(mktemp -d)
  mkdir -p "$layout/blobs/sha256"
  tar -C "$root" --owner 0 --group 0 --numeric-owner -cf "$layout/layer" .
  blob() {
    local digest
    digest=$(sha256sum "$1" | cut -d ' ' -f 1)
    size=$(stat -c %s "$1")
    mv "$1" "$layout/blobs/sha256/$digest"
    echo "\"digest\": \"sha256:$digest\", \"size\": $size"
  }
  diff=$(sha256sum "$layout/layer" | cut -d ' ' -f 1)
  layer=$(blob "$layout/layer")
  echo "{\"architecture\": \"amd64\", \"os\": \"linux\", \"config\": $config,
    \"rootfs\": {\"type\": \"layers\", \"diff_ids\": [\"sha256:$diff\"]}}" >"$layout/config"
  echo "{\"schemaVersion\": 2, \"mediaType\": \"application/vnd.oci.image.manifest.v1+json\",
    \"config\": {\"mediaType\": \"application/vnd.oci.image.config.v1+json\", $(blob "$layout/config")},
    \"layers\": [{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar\", $layer}]}" >"$layout/manifest"
  echo "{\"schemaVersion\": 2, \"manifests\": [{\"mediaType\": \"application/vnd.oci.image.manifest.v1+json\",
    $(blob "$layout/manifest"), \"annotations\": {\"io.containerd.image.name\": \"$name\"}}]}" >"$layout/index.json"
  echo '{"imageLayoutVersion": "1.0.0"}' >"$layout/oci-layout"
  tar -C "$layout" -cf "$cache/image.tar" .
  rm -rf "$layout"
  containers image import "$cache/image.tar" >/dev/null
  rm "$cache/image.tar"
}

# A program and the libraries that it is linked to: FOLDER PROGRAM
copy_program() {
  local root=$1 program=$2 library
  install -D "$program" "$root/usr/local/bin/$(basename "$program")"
  ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
    [ -e "$root$library" ] || install -D "$(readlink -f "$library")" "$root$library"
  done
}

# What deploy/Dockerfile makes, without a registry to take its base from: this machine's Node, and what is built here.
images() {
  local root
  [ -f dist/cli/main.js ] || cannot "there is no dist/: npm run build"
  root=$(mktemp -d)
  install -D "$bin/pause" "$root/pause"
  image localhost/pause:1 "$root" '{"Entrypoint": ["/pause"]}'
  rm -rf "$root"

  root=$(mktemp -d)
  install -D "$(scripts/get-nats-server.sh)" "$root/nats-server"
  image docker.io/library/nats:2.15.1 "$root" '{"Entrypoint": ["/nats-server"], "Cmd": ["--config", "nats-server.conf"]}'
  rm -rf "$root"

  root=$(mktemp -d)
  chmod 755 "$root"
  copy_program "$root" "$(readlink -f "$(command -v node)")"
  mkdir -p "$root/app" "$root/work" "$root/etc" "$root/tmp"
  echo 'bench:x:10001:10001::/work:/sbin/nologin' >"$root/etc/passwd"
  npm ls --omit=dev --all --parseable 2>/dev/null | sed -n "s|^$repository/||p" >"$cache/modules"
  tar --ignore-failed-read -cf - package.json dist src/gateway/page protos scenarios targets datasets schema dashboards/grafana \
    deploy/healthcheck.mjs deploy/wait-for.mjs deploy/hold-results.mjs --files-from "$cache/modules" | tar -C "$root/app" -xf -
  image docker.io/library/riva-bench:0.1.0 "$root" '{"Entrypoint": ["node", "/app/dist/cli/main.js"], "Cmd": ["--help"],
    "WorkingDir": "/work", "User": "10001:10001", "Env": ["NODE_ENV=production", "PATH=/usr/local/bin"]}'
  rm -rf "$root"
}

# Not `ip netns exec`, which hides the control groups.
inside() { nsenter --net="$namespace" -- "$@"; }
containers() { inside "$debian/usr/bin/ctr" --address "$state/containerd.sock" --namespace k8s.io "$@"; }

# Starts a part: NAME CMD...
part() {
  local name=$1
  shift
  setsid nsenter --net="$namespace" -- "$@" >"$state/$name.log" 2>&1 </dev/null &
  echo $! >"$state/$name.pid"
}

# Waits: WHAT SECONDS CMD...
wait_for() {
  local what=$1 end=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || cannot "$what did not come up (see $state/*.log)"
    sleep 0.3
  done
}

up() {
  local token ip
  [ "$(id -u)" = 0 ] || cannot "needs root"
  command -v go >/dev/null || cannot "needs Go"
  build
  unpack
  [ -e "$namespace" ] && cannot "it is there already: scripts/local-cluster.sh down"
  rm -rf "$state"
  mkdir -p "$state/cni" "$state/manifests"
  export PATH="$bin:$debian/usr/sbin:$debian/usr/bin:$PATH" XTABLES_LIBDIR="$debian/usr/lib/x86_64-linux-gnu/xtables"
  export LD_LIBRARY_PATH="$debian/usr/lib/x86_64-linux-gnu"
  ip netns add "$space"
  ip="ip -n $space"
  $ip link set lo up
  $ip link add cni0 type bridge
  $ip address add "$node/16" dev cni0
  $ip link set cni0 up
  inside sysctl -qw net.ipv4.ip_forward=1

  token=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
  echo "$token,admin,admin,system:masters" >"$state/tokens.csv"
  openssl genrsa -out "$state/account.key" 2048 2>/dev/null
  cat >"$state/kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{ name: local, cluster: { server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true } }]
users: [{ name: admin, user: { token: "$token" } }]
contexts: [{ name: local, context: { cluster: local, user: admin } }]
current-context: local
YAML
  chmod 600 "$state/tokens.csv" "$state/kubeconfig"
  cat >"$state/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
cgroupDriver: cgroupfs
cgroupsPerQOS: true
enforceNodeAllocatable: []
featureGates: { KubeletInUserNamespace: true }
failSwapOn: false
failCgroupV1: false
oomScoreAdj: 0
maxOpenFiles: 20000
containerRuntimeEndpoint: unix://$state/containerd.sock
clusterDNS: [$node]
clusterDomain: cluster.local
resolvConf: /dev/null
address: $node
healthzPort: 0
readOnlyPort: 0
evictionHard: { memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1% }
YAML
  cat >"$state/containerd.toml" <<TOML
version = 2
root = "$state/containerd"
state = "$state/containerd-run"
[grpc]
address = "$state/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "$debian/usr/lib/cni"
conf_dir = "$state/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
TOML
  cat >"$state/cni/10-bridge.conflist" <<JSON
{ "cniVersion": "0.4.0", "name": "pods", "plugins": [
  { "type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
    "ipam": { "type": "host-local", "dataDir": "$state/addresses",
      "ranges": [[{ "subnet": "10.244.0.0/16", "gateway": "$node" }]], "routes": [{ "dst": "0.0.0.0/0" }] } } ] }
JSON
  cat >"$state/Corefile" <<'DNS'
.:53 {
  bind NODE
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig KUBECONFIG
    pods insecure
  }
  cache 5
}
DNS
  sed -i "s|NODE|$node|; s|KUBECONFIG|$state/kubeconfig|" "$state/Corefile"

  part containerd containerd --config "$state/containerd.toml"
  part etcd etcd --data-dir "$state/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
    --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 --log-level error
  part apiserver kube-apiserver --etcd-servers http://127.0.0.1:2379 --bind-address 127.0.0.1 --secure-port 6443 \
    --advertise-address "$node" --kubelet-preferred-address-types InternalIP --cert-dir "$state/certificates" --token-auth-file "$state/tokens.csv" \
    --authorization-mode RBAC --endpoint-reconciler-type none --allow-privileged=true \
    --service-cluster-ip-range 10.96.0.0/16 --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$state/account.key" --service-account-signing-key-file "$state/account.key"
  export KUBECONFIG=$state/kubeconfig
  wait_for "the API server" 60 inside kubectl get --raw /readyz
  part controllers kube-controller-manager --kubeconfig "$KUBECONFIG" --leader-elect=false \
    --service-account-private-key-file "$state/account.key" --use-service-account-credentials=false --bind-address 127.0.0.1
  part scheduler kube-scheduler --kubeconfig "$KUBECONFIG" --leader-elect=false --bind-address 127.0.0.1
  part proxy kube-proxy --kubeconfig "$KUBECONFIG" --hostname-override local --proxy-mode iptables --masquerade-all \
    --cluster-cidr 10.244.0.0/16 --bind-address "$node" --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0s \
    --conntrack-tcp-timeout-close-wait 0s --nodeport-addresses "$node/32"
  wait_for containerd 30 containers version
  images
  part kubelet kubelet --config "$state/kubelet.yaml" --kubeconfig "$KUBECONFIG" --hostname-override local \
    --node-ip "$node" --root-dir "$state/kubelet" --cert-dir "$state/kubelet-certificates"
  part dns coredns -conf "$state/Corefile"
  wait_for "the node" 90 inside sh -c 'kubectl wait --for=condition=Ready node/local --timeout=1s'
  wait_for "the service account" 30 inside kubectl get serviceaccount default
  echo "KUBECONFIG=$KUBECONFIG, reachable by: scripts/local-cluster.sh exec CMD"
}

# Kills a container as the kernel does when memory is short: POD CONTAINER
kill_container() {
  local id
  id=$(run_inside kubectl get pod "$1" \
    -o "jsonpath={.status.containerStatuses[?(@.name=='$2')].containerID}")
  export LD_LIBRARY_PATH="$debian/usr/lib/x86_64-linux-gnu"
  containers task kill --signal SIGKILL "${id#containerd://}"
}

run_inside() {
  [ -e "$namespace" ] || cannot "it is not running: scripts/local-cluster.sh up"
  cd -- "$from"
  KUBECONFIG=$state/kubeconfig PATH=$bin:$PATH exec nsenter --net="$namespace" -- "$@"
}

# Ends a part, unless its number is that of another program by now: NAME PROGRAM
end_part() {
  local pid command
  [ -f "$state/$1.pid" ] || return
  pid=$(cat "$state/$1.pid")
  [ -r "/proc/${pid:-none}/cmdline" ] || return
  command=$(tr '\0' ' ' <"/proc/$pid/cmdline")
  case $command in
    "$2 "*" $state/"* | */"$2 "*" $state/"*) kill -9 "$pid" 2>/dev/null ;;
  esac
}

down() {
  local name pid
  end_part kubelet kubelet
  end_part controllers kube-controller-manager
  end_part scheduler kube-scheduler
  end_part proxy kube-proxy
  end_part dns coredns
  end_part apiserver kube-apiserver
  end_part etcd etcd
  # Containers first: their runtime knows how.
  if [ -S "$state/containerd.sock" ] && [ -e "$namespace" ]; then
    export LD_LIBRARY_PATH="$debian/usr/lib/x86_64-linux-gnu"
    for name in $(containers container list --quiet 2>/dev/null); do
      containers container info "$name" 2>/dev/null
    done | grep -o 'netns/cni-[0-9a-f-]*' | sort -u >"$state/namespaces"
    for name in $(containers task list --quiet 2>/dev/null); do
      containers task delete --force "$name" >/dev/null 2>&1
    done
    for name in $(containers container list --quiet 2>/dev/null); do
      containers container delete "$name" >/dev/null 2>&1
    done
  fi
  # Shims of this containerd alone.
  for pid in $(pgrep -f -- "-address $state/containerd.sock"); do kill -9 "$pid" 2>/dev/null; done
  end_part containerd containerd
  sleep 0.5
  grep -o " $state/[^ ]*" /proc/mounts | sort -r | while read -r name; do umount -l "$name"; done
  [ -f "$state/namespaces" ] && while read -r name; do ip netns delete "${name##*/}"; done <"$state/namespaces"
  [ -e "$namespace" ] && ip netns delete "$space"
  find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null
  rm -rf "$state"
}

case ${1:-} in
  up) up ;;
  exec)
    shift
    run_inside "$@"
    ;;
  kill) kill_container "$2" "$3" ;;
  down)
    set +e
    down
    ;;
  *) cannot "up, exec CMD, kill POD CONTAINER or down" ;;
esac

/** The Helm chart of the gateway, rendered by a real helm. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { gatewayFile } from "../../src/gateway/config.ts";
import { READ } from "../../src/gateway/metric-families.ts";
import { parseTargetFile } from "../../src/scenario/target/target.ts";
import { getHelm, helmChart, one, podsOf } from "../support/chart.ts";
import type { Manifest, PodSpec, Values } from "../support/chart.ts";

const { template, rendered, lint } = helmChart("riva-gateway");
beforeAll(getHelm, 600_000);

const NIM = { name: "nim", uri: "grpc://nim:50051" };
const PLAIN = { upstreams: [NIM] };
const TARGET = 'name: nvcf\nuri: grpcs://host:443\nmetadata: { x-api-key: "${KEY}" }\n';
const ALL = {
  image: { digest: `sha256:${"a".repeat(64)}`, pullSecrets: ["registry"] },
  upstreams: [NIM, { name: "tls", uri: "grpcs://far" }, { name: "nvcf", target: TARGET }],
  upstreamCredentials: { existingSecret: "nvcf-key", existingFilesSecret: "nvcf-ca" },
  sessions: { perPod: 400, longestSeconds: 600 },
  limits: { bulkBytesPerSecond: 8_000_000, idle: "2m" },
  allowedOrigins: ["https://app.example"],
  trustedProxies: ["10.0.0.0/8"],
  auth: { existingSecret: "keys" },
  tls: { existingSecret: "cert", clientCertificates: true, probeSecret: "probe" },
  service: { type: "LoadBalancer", externalTrafficPolicy: "Local", sourceRanges: ["192.0.2.0/24"] },
  autoscaling: { enabled: true, cpuUtilization: 60 },
  rollout: { preStopSeconds: 20, maxSurge: "50%" },
  spread: "DoNotSchedule",
  networkPolicy: {
    from: [{ namespaceSelector: {} }],
    upstreamTo: [{ podSelector: {} }],
    egress: [{ ports: [{ port: 8443 }] }],
  },
  metrics: {
    serviceMonitor: { enabled: true, labels: { release: "prometheus" }, tlsConfig: { serverName: "x" } },
  },
  test: { url: "wss://speech.example/v1/stream", existingSecret: "key", existingFilesSecret: "ca" },
  podLabels: { team: "speech" },
  podAnnotations: { note: "x" },
  priorityClassName: "high",
};

const spec = (manifests: readonly Manifest[], kind: string): Manifest["spec"] =>
  one(manifests, kind, "night").spec;
const podOf = (values: Values): PodSpec => spec(rendered(values), "Deployment").template.spec;
const config = (values: Values): Record<string, string> =>
  one(rendered(values), "ConfigMap", "night-config").data;

test("helm lint has nothing to say against it", () => {
  const { status, text } = lint(PLAIN);
  expect([status, text]).toEqual([0, expect.stringContaining("0 chart(s) failed")]);
});

test.each([
  ["alone", PLAIN],
  ["with everything", ALL],
])("%s: no pod is root, may write to its image, or holds a token; all have limits of memory", (_, values) => {
  const manifests = rendered(values);
  expect(spec(manifests, "Deployment").template.spec["serviceAccountName"]).toBe("night");
  expect(one(manifests, "ServiceAccount", "night")).toMatchObject({ automountServiceAccountToken: false });
  const pods = podsOf(manifests);
  expect(pods.map(({ name }) => name).sort()).toEqual(["night", "night-test"]);
  for (const { spec: pod } of pods) {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    const volumes = pod.volumes.map(({ name }) => name);
    expect(pod.containers).toHaveLength(1);
    for (const { securityContext, resources, volumeMounts } of pod.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(resources).toMatchObject({
        requests: { memory: expect.anything() as unknown },
        limits: { memory: expect.anything() as unknown },
      });
      expect(volumes).toEqual(volumeMounts?.map(({ name }) => name));
    }
  }
});

test("what it is told is a configuration that the gateway takes, targets and limits included", () => {
  const files = config(ALL);
  const { limits, ...file } = gatewayFile.parse(parse(files["gateway.yaml"] ?? ""));
  expect(file).toMatchObject({
    host: "0.0.0.0",
    port: 9000,
    upstreams: [NIM, { name: "tls", uri: "grpcs://far" }, { name: "nvcf", uri: "/config/nvcf.target.yaml" }],
    apiKeysFile: "/secrets/auth/keys",
    tls: { cert: "/secrets/tls/tls.crt", key: "/secrets/tls/tls.key", clientCa: "/secrets/tls/ca.crt" },
    trustedProxies: ["10.0.0.0/8"],
    // Without its own names a gateway without keys refuses who calls it by a name with dots.
    allowedOrigins: [
      "https://night.default:9000",
      "https://night.default.svc:9000",
      "https://night.default.svc.cluster.local:9000",
      "https://app.example",
    ],
  });
  expect(limits).toMatchObject({
    sessions: 400,
    longest: 600_000,
    drain: 630_000,
    idle: 120_000,
    bulkBytesPerSecond: 8_000_000,
  });
  expect(parseTargetFile(files["nvcf.target.yaml"] ?? "", "nvcf.target.yaml")).toMatchObject({
    name: "nvcf",
    metadata: { "x-api-key": "${KEY}" },
  });
  const [container] = podOf(ALL).containers;
  expect(container).toMatchObject({
    args: ["gateway", "--config=/config/gateway.yaml"],
    image: `riva-bench@sha256:${"a".repeat(64)}`,
    envFrom: [{ secretRef: { name: "nvcf-key" } }],
  });
  expect(container?.env).toContainEqual({
    name: "BENCH_GATEWAY_TOKEN_SECRET",
    valueFrom: { secretKeyRef: { name: "keys", key: "token-secret" } },
  });
});

test("a pod that goes has time for the longest session, whatever that is", () => {
  for (const [longestSeconds, preStopSeconds] of [
    [3600, 15],
    [600, 20],
    [1, 1],
  ] as const) {
    const values = { ...PLAIN, sessions: { longestSeconds }, rollout: { preStopSeconds } };
    const { limits } = gatewayFile.parse(parse(config(values)["gateway.yaml"] ?? ""));
    // Start, longest session, last text.
    expect(limits.drain).toBeGreaterThanOrEqual(limits.start + limits.longest + limits.flush);
    const pod = podOf(values);
    expect(pod.containers[0]).toMatchObject({
      lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } },
    });
    expect(pod["terminationGracePeriodSeconds"]).toBeGreaterThan(preStopSeconds + limits.drain / 1000);
  }
});

test("a rolling update takes no pod before a new one is ready, and is made by a change of configuration", () => {
  const { template: pod, ...deployment } = spec(rendered(PLAIN), "Deployment");
  expect(deployment).toMatchObject({
    replicas: 2,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
  });
  const mark = (values: Values): string | undefined =>
    spec(rendered(values), "Deployment").template.metadata.annotations?.["riva-gateway/config"];
  const before = pod.metadata.annotations?.["riva-gateway/config"];
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  expect(mark(PLAIN)).toBe(before);
  const target = (text: string): Values => ({ upstreams: [{ name: "nvcf", target: text }] });
  expect(
    new Set([before, mark({ ...PLAIN, logLevel: "warn" }), mark(target("a")), mark(target("b"))]).size,
  ).toBe(4);
});

test("the autoscaler goes by a metric that the gateway has, and owns the number of pods", () => {
  const manifests = rendered({ ...PLAIN, autoscaling: { enabled: true, maxReplicas: 20 } });
  expect(spec(manifests, "Deployment")).not.toHaveProperty("replicas");
  expect(spec(manifests, "HorizontalPodAutoscaler")).toMatchObject({
    scaleTargetRef: { kind: "Deployment", name: "night" },
    minReplicas: 2,
    maxReplicas: 20,
    metrics: [
      {
        type: "Pods",
        pods: {
          metric: { name: READ.sessionsActive.name },
          target: { type: "AverageValue", averageValue: "300" },
        },
      },
    ],
  });
  const byCpu = { enabled: true, sessionsPerPod: 0, cpuUtilization: 30 };
  expect(spec(rendered({ ...PLAIN, autoscaling: byCpu }), "HorizontalPodAutoscaler")["metrics"]).toEqual([
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 30 } } },
  ]);
  expect(spec(rendered(ALL), "HorizontalPodAutoscaler")["metrics"]).toHaveLength(2);
  expect(rendered(PLAIN).map(({ kind }) => kind)).not.toContain("HorizontalPodAutoscaler");
});

test("the kubelet asks for itself, or by a program in the pod where it would need a certificate", () => {
  const probes = (values: Values): object[] => {
    const { readinessProbe, livenessProbe } = podOf(values).containers[0] as never;
    return [readinessProbe, livenessProbe];
  };
  const http = (path: string, scheme: string): object => ({ httpGet: { path, port: "http", scheme } });
  expect(probes(PLAIN)).toMatchObject([http("/health/ready", "HTTP"), http("/health/live", "HTTP")]);
  const tls = { existingSecret: "cert" };
  expect(probes({ ...PLAIN, tls })).toMatchObject([
    http("/health/ready", "HTTPS"),
    http("/health/live", "HTTPS"),
  ]);
  const program = (path: string): object => ({
    exec: { command: ["node", "/app/deploy/healthcheck.mjs", `https://127.0.0.1:9000${path}`] },
  });
  // A certificate of the probe that has expired takes the pod out of the Service, and ends no session.
  expect(probes(ALL)).toMatchObject([program("/health/ready"), { tcpSocket: { port: "http" } }]);
  for (const values of [PLAIN, ALL])
    expect(probes(values)[1]).toMatchObject({ terminationGracePeriodSeconds: 30 });
  expect(podOf(ALL).containers[0]?.env).toContainEqual({
    name: "HEALTH_CERT",
    value: "/secrets/probe/tls.crt",
  });
});

test("Secrets are mounted whole, so that what is written to them later arrives, and only what is needed of the keys", () => {
  const { volumes, containers } = podOf(ALL);
  for (const mount of containers[0]?.volumeMounts ?? []) expect(mount).not.toHaveProperty("subPath");
  expect(volumes).toEqual(
    expect.arrayContaining([
      { name: "tls", secret: { secretName: "cert", defaultMode: 0o440 } },
      {
        name: "auth",
        secret: { secretName: "keys", defaultMode: 0o440, items: [{ key: "keys", path: "keys" }] },
      },
      { name: "upstream", secret: { secretName: "nvcf-ca", defaultMode: 0o440 } },
    ]),
  );
});

test("spread over hosts and zones, a version by itself", () => {
  const [hosts, zones] = podOf(ALL)["topologySpreadConstraints"] as object[];
  const labels = { matchLabelKeys: ["pod-template-hash"], maxSkew: 1 };
  expect([hosts, zones]).toMatchObject([
    { ...labels, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule" },
    { ...labels, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" },
  ]);
  expect(spec(rendered(PLAIN), "PodDisruptionBudget")).toMatchObject({
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: "AlwaysAllow",
  });
});

test("callers come in at one port, out go DNS and the upstreams", () => {
  const dns = {
    ports: [
      { port: 53, protocol: "UDP" },
      { port: 53, protocol: "TCP" },
    ],
  };
  expect(spec(rendered(PLAIN), "NetworkPolicy")).toMatchObject({
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ ports: [{ port: "http", protocol: "TCP" }] }],
    egress: [dns, { ports: [{ port: 50_051, protocol: "TCP" }] }],
  });
  const { ingress, egress } = spec(rendered(ALL), "NetworkPolicy");
  expect(ingress).toMatchObject([
    {
      from: [
        { namespaceSelector: {} },
        { podSelector: { matchLabels: { "app.kubernetes.io/component": "test" } } },
      ],
    },
  ]);
  expect(egress).toEqual([
    dns,
    {
      ports: [
        { port: 50_051, protocol: "TCP" },
        { port: 443, protocol: "TCP" },
      ],
      to: [{ podSelector: {} }],
    },
    { ports: [{ port: 8443 }] },
  ]);
});

test("the ServiceMonitor finds the Service, and no pod that goes", () => {
  const manifests = rendered(ALL);
  const { metadata, spec: service } = one(manifests, "Service", "night");
  const monitor = spec(manifests, "ServiceMonitor");
  const { matchLabels } = monitor["selector"] as { matchLabels: Record<string, string> };
  expect(metadata.labels).toMatchObject(matchLabels);
  expect(service).toMatchObject({ type: "LoadBalancer", externalTrafficPolicy: "Local" });
  expect(monitor["endpoints"]).toMatchObject([
    { port: "http", path: "/metrics", scheme: "https", relabelings: [{ regex: "true", action: "drop" }] },
  ]);
});

test("helm test asks through the Service, or where it is told to", () => {
  const args = (values: Values): unknown => podsOf(rendered(values)).at(-1)?.spec.containers[0]?.args;
  expect(args(PLAIN)).toEqual(["check", "--target=ws://night:9000/v1/stream"]);
  expect(args(ALL)).toEqual(["check", "--target=wss://speech.example/v1/stream"]);
});

test("the README's values and the page's figures are the chart's", () => {
  const text = (path: string): string => readFileSync(join(PACKAGE_ROOT, path), "utf8");
  const [, example = ""] =
    /```yaml\n(# values.yaml\n[^]*?)```/.exec(text("deploy/chart/riva-gateway/README.md")) ?? [];
  const manifests = rendered(parse(example) as Values);
  expect(manifests.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["Deployment", "HorizontalPodAutoscaler", "ServiceMonitor", "NetworkPolicy"]),
  );
  const page = text("docs/gateway-on-kubernetes.md");
  const { sessions, rollout, autoscaling } = parse(text("deploy/chart/riva-gateway/values.yaml")) as Record<
    string,
    Record<string, number>
  >;
  expect(page).toContain(`| ${rollout?.["preStopSeconds"]} s (\`rollout.preStopSeconds\`)`);
  expect(page).toContain(
    `| up to ${(sessions?.["longestSeconds"] ?? 0) / 3600} h (\`sessions.longestSeconds\`)`,
  );
  expect(page).toContain(`${autoscaling?.["sessionsPerPod"]} of ${sessions?.["perPod"]}`);
  expect(page).toContain(`seriesQuery: ${READ.sessionsActive.name}{`);
});

test.each([
  [{}, "upstreams is missing: [{ name: nim, uri: grpc://nim:50051 }]"],
  [{ ...PLAIN, upstream: "grpc://nim" }, "'upstream'"],
  [{ upstreams: ["grpc://nim:50051"] }, "/upstreams/0"],
  [{ upstreams: [{ name: "nim", uri: "http://nim:9000" }] }, "/upstreams/0/uri"],
  [{ upstreams: [{ name: "nim", uri: "grpc://user:s3cr3t@nim" }] }, "/upstreams/0/uri"],
  [{ upstreams: [{ name: "nim" }] }, "nim: give either uri or target"],
  [{ upstreams: [{ ...NIM, target: "x" }] }, "nim: give either uri or target"],
  [{ upstreams: [NIM, NIM] }, "two have the name nim"],
  [{ ...PLAIN, limits: { drain: "1h" } }, "drain"],
  [{ ...PLAIN, limits: { idel: "1m" } }, "idel"],
  [{ ...PLAIN, limits: { idle: "soon" } }, "/limits/idle"],
  [{ ...PLAIN, sessions: { longestSeconds: "1h" } }, "/sessions/longestSeconds"],
  [{ ...PLAIN, trustedProxies: ["proxy.example"] }, "/trustedProxies/0"],
  [{ ...PLAIN, allowedOrigins: ["app.example"] }, "/allowedOrigins/0"],
  [{ ...PLAIN, tls: { clientCertificates: true } }, "tls.existingSecret is missing"],
  [{ ...PLAIN, tls: { existingSecret: "x", clientCertificates: true } }, "tls.probeSecret is missing"],
  [{ ...PLAIN, rollout: { preStopSeconds: 0 } }, "/rollout/preStopSeconds"],
  [{ ...PLAIN, autoscaling: { enabled: true, sessionsPerPod: 0 } }, "nothing to go by"],
  [{ ...PLAIN, autoscaling: { enabled: true, sessionsPerPod: 600 } }, "must be less than sessions.perPod"],
  [{ ...PLAIN, autoscaling: { enabled: true, maxReplicas: 1 } }, "autoscaling.maxReplicas is less"],
  [{ ...PLAIN, podDisruptionBudget: { maxUnavailable: 0 } }, "/podDisruptionBudget/maxUnavailable"],
  [{ ...PLAIN, test: { env: { RIVA_API_KEY: "s3cr3t" } } }, "RIVA_API_KEY"],
] as [Values, string][])("%j is refused", (values, message) => {
  const { status, error } = template(values);
  expect([status, error]).toEqual([1, expect.stringContaining(message)]);
  expect(error).not.toContain("s3cr3t");
});

test("a release whose name no Service can have is refused", () => {
  expect(template(PLAIN, "1st").error).toContain("the name must begin with a letter");
});

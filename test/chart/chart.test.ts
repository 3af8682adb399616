/** The Helm chart of a run, rendered by a real helm. */
import { beforeAll, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { chartValues } from "../../src/cluster/chart-values.ts";
import { getHelm, helmChart, one, podsOf } from "../support/chart.ts";
import type { PodSpec } from "../support/chart.ts";

const { template, rendered, lint } = helmChart("riva-bench");
beforeAll(getHelm, 600_000);

const EMULATED = { emulator: { enabled: true } };
const OWN_BROKER = {
  target: {
    name: "nvcf",
    existingSecret: "nvcf-key",
    existingFilesSecret: "ca",
    env: { RIVA_SSL_CA: "/secrets/target/ca.crt" },
  },
  nats: {
    url: "tls://broker:4222",
    auth: { kind: "creds", existingSecret: "creds" },
    tls: { existingSecret: "ca", clientCertificate: true },
  },
};
const ALL = {
  ...EMULATED,
  scenario: { file: "name: x\n# a comment: 'quoted'\n" },
  target: { file: "name: t\nuri: grpc://host\n" },
  workers: {
    count: 200,
    maxFailed: 10,
    spread: "DoNotSchedule",
    nodeSelector: { pool: "load" },
    tolerations: [{ operator: "Exists" }],
  },
  results: { claimSize: "20Gi", storageClass: "fast", holdSeconds: 30 },
  run: {
    id: "2026-01-01T00-00-00-x",
    args: ["--slo=rtfx > 20"],
    flags: ["--seed=7"],
    deadlineSeconds: 3600,
    resultInLog: true,
    affinity: { nodeAffinity: {} },
  },
  dataset: { existingClaim: "audio", workers: "mine/manifest.jsonl" },
  metrics: { enabled: true, podMonitor: { enabled: true, labels: { release: "prometheus" } } },
  networkPolicy: { metricsFrom: [{ namespaceSelector: {} }] },
  nats: { persistent: true, storageGiB: 5, storageClass: "fast" },
  podLabels: { team: "speech" },
  podAnnotations: { note: "x" },
  priorityClassName: "high",
  image: { digest: `sha256:${"a".repeat(64)}`, pullSecrets: ["registry"] },
};

test("helm lint has nothing to say against it", () => {
  const { status, text } = lint(EMULATED);
  expect([status, text]).toEqual([0, expect.stringContaining("0 chart(s) failed")]);
});

test.each([
  ["alone", EMULATED],
  ["with a broker and a target of others", OWN_BROKER],
  ["with everything", ALL],
])("%s: no pod is root, may write to its image, or holds a token; all have limits of memory", (_, values) => {
  const pods = podsOf(rendered(values));
  expect(pods.length).toBeGreaterThanOrEqual(3);
  for (const { name, spec, metadata } of pods) {
    expect([name, spec]).toMatchObject([
      name,
      {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      },
    ]);
    expect(metadata.annotations).toMatchObject({
      "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
      "karpenter.sh/do-not-disrupt": "true",
      "sidecar.istio.io/inject": "false",
    });
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
      expect([name, container.name, container.securityContext]).toEqual([
        name,
        container.name,
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
      ]);
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.anything() as unknown, memory: expect.anything() as unknown },
        limits: { memory: expect.anything() as unknown },
      });
      const known = spec.volumes.map((volume) => volume.name);
      // The broker's volume may come from a claim template.
      for (const mount of container.volumeMounts ?? [])
        expect([name, [...known, ...(name.endsWith("-nats") ? ["data"] : [])]]).toEqual([
          name,
          expect.arrayContaining([mount.name]),
        ]);
    }
  }
});

test("workers: an Indexed Job in which nothing is tried again and nothing kills the others", () => {
  const manifests = rendered({ ...EMULATED, workers: { count: 8 } });
  const { spec } = one(manifests, "Job", "night-workers");
  expect(spec).toMatchObject({
    ...{
      completionMode: "Indexed",
      completions: 8,
      parallelism: 8,
      backoffLimitPerIndex: 0,
      maxFailedIndexes: 8,
    },
    podReplacementPolicy: "Failed",
  });
  expect(spec["podFailurePolicy"]).toBeUndefined();
  const pod = spec.template.spec;
  expect([pod["restartPolicy"], pod.containers[0]?.args]).toEqual([
    "Never",
    [
      "worker",
      "--nats=nats://night-nats:4222",
      "--run=night",
      "--target=grpc://night-emulator:50051",
      "--weight=1",
      "--workers=1",
      "--join-timeout=300s",
    ],
  ]);
  expect(pod.containers[0]?.resources.limits).not.toHaveProperty("cpu");
  expect(pod["topologySpreadConstraints"]).toMatchObject([
    { maxSkew: 1, topologyKey: "kubernetes.io/hostname" },
  ]);
  // The broker, 8 workers and the coordinator.
  expect(one(manifests, "PodDisruptionBudget", "night").spec).toMatchObject({ minAvailable: 10 });
  expect(one(manifests, "Job", "night-run").spec).toMatchObject({
    backoffLimit: 0,
    podReplacementPolicy: "Failed",
  });
});

test("the coordinator holds its result in a sidecar, for as long as its pod may take to end", () => {
  const { spec } = one(rendered({ ...EMULATED, results: { holdSeconds: 100 } }), "Job", "night-run");
  const pod = spec.template.spec;
  const [holder, wait] = pod.initContainers ?? [];
  expect([holder?.name, holder?.restartPolicy, holder?.args]).toEqual(["results", "Always", ["hold", "100"]]);
  expect(holder?.env).toEqual([{ name: "RUN_FOLDER", value: "/work/results/night" }]);
  expect(pod.containers[0]?.args).toContain("--out=/work/results/night");
  expect([pod["terminationGracePeriodSeconds"], wait?.args]).toEqual([
    3700,
    ["300", "nats://night-nats:4222", "grpc://night-emulator:50051"],
  ]);
});

test("all flags arrive, in order, as they were written", () => {
  const manifests = rendered(ALL);
  const run = one(manifests, "Job", "night-run").spec;
  expect(run.template.spec.containers[0]?.args).toEqual([
    ...[
      "run",
      "--scenario=/config/scenario.yaml",
      "--target=/config/target.yaml",
      "--nats=nats://night-nats:4222",
    ],
    ...["--run=2026-01-01T00-00-00-x", "--expect-workers=200", "--join-timeout=300s"],
    ...[
      "--out=/work/results/2026-01-01T00-00-00-x",
      "--json",
      "--metrics-port=9464",
      "--slo=rtfx > 20",
      "--seed=7",
    ],
  ]);
  expect(run["activeDeadlineSeconds"]).toBe(3600);
  const workers = one(manifests, "Job", "night-workers").spec;
  expect(workers).toMatchObject({ completions: 200, maxFailedIndexes: 10 });
  expect(workers.template.spec.containers[0]?.args).toContain("--dataset=/datasets/mine/manifest.jsonl");
  expect(workers.template.spec).toMatchObject({
    nodeSelector: { pool: "load" },
    tolerations: [{ operator: "Exists" }],
    priorityClassName: "high",
  });
  expect(one(manifests, "ConfigMap", "night-config").data).toEqual({
    "scenario.yaml": ALL.scenario.file,
    "target.yaml": ALL.target.file,
  });
  expect(one(manifests, "PersistentVolumeClaim", "night-results").metadata.annotations).toEqual({
    "helm.sh/resource-policy": "keep",
  });
  expect(one(manifests, "StatefulSet", "night-nats").spec).toHaveProperty(
    "volumeClaimTemplates.0.spec.resources.requests.storage",
    "6Gi",
  );
  expect(one(manifests, "PodMonitor", "night").metadata.labels).toMatchObject({ release: "prometheus" });
  for (const { metadata } of podsOf(manifests)) expect(metadata.labels).toMatchObject({ team: "speech" });
});

test("the broker's token is made for each release, and stands nowhere but in its Secret", () => {
  const [first, second] = [rendered(EMULATED), rendered(EMULATED)].map((manifests) => {
    const { token = "" } = one(manifests, "Secret", "night-nats").data;
    const plain = Buffer.from(token, "base64").toString();
    expect(plain).toMatch(/^t[A-Za-z0-9]{40}$/);
    expect(JSON.stringify(manifests.filter(({ kind }) => kind !== "Secret"))).not.toContain(plain);
    return plain;
  });
  expect(first).not.toBe(second);
});

test("with a broker of one's own there is none of ours, and its credentials come from the Secret that was named", () => {
  const manifests = rendered(OWN_BROKER);
  expect(manifests.filter(({ metadata }) => metadata.name.endsWith("-nats"))).toEqual([]);
  expect(manifests.filter(({ kind }) => kind === "Secret")).toEqual([]);
  for (const name of ["night-run", "night-workers"]) {
    const [container] = one(manifests, "Job", name).spec.template.spec.containers;
    expect(container).toMatchObject({ envFrom: [{ secretRef: { name: "nvcf-key" } }] });
    expect(container?.env?.map((variable) => variable.name)).toEqual(
      expect.arrayContaining(["NATS_CREDS", "NATS_CA", "NATS_CERT", "NATS_KEY", "RIVA_SSL_CA"]),
    );
    expect(container?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(
      expect.arrayContaining(["/secrets/nats", "/secrets/nats-tls", "/secrets/target"]),
    );
  }
  // 2 workers and the coordinator.
  expect(one(manifests, "PodDisruptionBudget", "night").spec).toMatchObject({ minAvailable: 3 });
});

test("nobody but the release comes in", () => {
  const policies = rendered(ALL).filter(({ kind }) => kind === "NetworkPolicy");
  expect(policies.map(({ metadata }) => metadata.name).sort()).toEqual([
    "night-emulator",
    "night-load",
    "night-nats",
  ]);
  for (const { metadata, spec } of policies) {
    expect(spec["policyTypes"]).toEqual(["Ingress"]);
    if (metadata.name === "night-load")
      expect(spec["ingress"]).toEqual([
        { ports: [{ port: 9464, protocol: "TCP" }], from: [{ namespaceSelector: {} }] },
      ]);
    else
      expect(spec["ingress"]).toMatchObject([
        { from: [{ podSelector: { matchLabels: { "app.kubernetes.io/instance": "night" } } }] },
      ]);
  }
});

test("helm test plays the smoke scenario against the emulator", () => {
  const pod = one(rendered(EMULATED), "Pod", "night-test");
  expect(pod.metadata.annotations).toMatchObject({ "helm.sh/hook": "test" });
  expect((pod.spec as unknown as PodSpec).containers[0]?.args).toContain(
    "--target=grpc://night-emulator:50051",
  );
  const own = one(rendered({ target: { name: "grpc://h:1" } }), "Pod", "night-test");
  expect((own.spec as unknown as PodSpec).containers[0]?.args).toContain("--target=emulator-nim");
});

test("what bench cluster makes of its flags fits the chart", async () => {
  const asked = {
    scenario: "soak",
    target: "grpcs://asr.example",
    workers: 3,
    slo: ["rtfx > 20"],
    joinMs: 60_000,
  };
  const values = await chartValues({ root: PACKAGE_ROOT, cwd: "/", env: {} }, asked, "night");
  const args = one(rendered(values), "Job", "night-run").spec.template.spec.containers[0]?.args;
  expect(args).toEqual([
    ...[
      "run",
      "--scenario=soak",
      "--target=grpcs://asr.example",
      "--nats=nats://night-nats:4222",
      "--run=night",
    ],
    ...["--expect-workers=3", "--join-timeout=60s", "--out=/work/results/night", "--json", "--slo=rtfx > 20"],
  ]);
});

test.each([
  [{}, "target.name is missing"],
  [{ ...EMULATED, wrokers: { count: 2 } }, "wrokers"],
  [{ ...EMULATED, workers: { count: "two" } }, "/workers/count"],
  [{ ...EMULATED, workers: { count: 0 } }, "/workers/count"],
  [{ ...EMULATED, workers: { cpu: 1 } }, "cpu"],
  [{ ...EMULATED, run: { id: "../x" } }, "/run/id"],
  [{ ...EMULATED, image: { digest: "latest" } }, "/image/digest"],
  [{ target: { name: "grpc://user:password@host" } }, "/target/name"],
  [{ target: { name: "nvcf", env: { RIVA_API_KEY: "s3cr3t" } } }, "RIVA_API_KEY"],
  [{ target: { name: "a", file: "b" } }, "name or file, not both"],
  [{ ...EMULATED, nats: { url: "nats://token@host:4222" } }, "/nats/url"],
  [{ ...EMULATED, nats: { url: "nats://host:4222" } }, "nats.auth.existingSecret is missing"],
  [{ ...EMULATED, nats: { auth: { kind: "creds", existingSecret: "x" } } }, "takes a token"],
  [{ ...EMULATED, nats: { tls: { existingSecret: "x" } } }, "nats.tls"],
  [{ ...EMULATED, results: { claimSize: "1Gi", existingClaim: "x" } }, "not both"],
  [{ ...EMULATED, dataset: { workers: "mine" } }, "dataset.existingClaim is missing"],
  [{ ...EMULATED, dataset: { existingClaim: "x", workers: "../../etc" } }, "/dataset/workers"],
  [{ ...EMULATED, metrics: { podMonitor: { enabled: true } } }, "metrics.enabled is missing"],
])("%j is refused", (values, message) => {
  const { status, error } = template(values);
  expect([status, error]).toEqual([1, expect.stringContaining(message)]);
  expect(error).not.toContain("s3cr3t");
});

test.each(["a".repeat(49), "1st"])("a release named %s is refused", (name) => {
  expect(template(EMULATED, name).error).toContain("the name must begin with a letter");
});

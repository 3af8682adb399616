/** The chart of the gateway in a real Kubernetes: it installs, and an update under load cuts no session. By hand: npm run test:cluster. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { readRun, tempFolder } from "../support/bench-process.ts";
import { besideTool, clusterImage, clusterTool, startCluster, stopCluster } from "../support/cluster.ts";
import { startRun } from "../support/cluster-run.ts";

const CHARTS = join(PACKAGE_ROOT, "deploy/chart");
const STREAMS = 50;
const [repository = "", tag = ""] = clusterImage.split(/:(?=[^:/]*$)/);
const IMAGE = { repository, tag };
/** Two cores carry all of it. */
const VALUES = {
  image: IMAGE,
  upstreams: [{ name: "emulator", uri: "grpc://emulator:50051" }],
  sessions: { longestSeconds: 120 },
  rollout: { preStopSeconds: 3, minReadySeconds: 2 },
  autoscaling: { minReplicas: 2, maxReplicas: 3 },
  resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
};

const kubectl = (...args: string[]): string => clusterTool("kubectl", ...args);
const helm = (...args: string[]): string => clusterTool("helm", ...args);
const folder = tempFolder();

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const values = (name: string, more: object = {}): string =>
  `--values=${file(name, JSON.stringify({ ...VALUES, ...more }))}`;
const chart = (name: string): string => join(CHARTS, name);

beforeAll(() => {
  startCluster();
  const program = ["node", "/app/dist/cli/main.js"];
  const flags = ["emulator", "--host=0.0.0.0", "--port=50051", "--http-port=9000", "--profile=nim"];
  kubectl(
    "create",
    "deployment",
    "emulator",
    `--image=${clusterImage}`,
    "--port=50051",
    "--",
    ...program,
    ...flags,
  );
  kubectl("expose", "deployment", "emulator", "--port=50051");
  kubectl("rollout", "status", "deployment/emulator", "--timeout=120s");
  helm("install", "gateway", chart("riva-gateway"), values("first.json"), "--wait", "--timeout=180s");
}, 3_600_000);

afterAll(() => {
  try {
    helm("uninstall", "gateway");
    kubectl("delete", "deployment,service", "emulator");
  } finally {
    stopCluster();
  }
}, 180_000);

interface Pod {
  metadata: { name: string; deletionTimestamp?: string };
}

function pods(): string[] {
  const { items } = JSON.parse(
    kubectl(
      ...["get", "pods", "--output=json"],
      "--selector=app.kubernetes.io/instance=gateway,app.kubernetes.io/component=gateway",
    ),
  ) as { items: Pod[] };
  return items.map(({ metadata }) => metadata.name).sort();
}

/** The log of a pod so far, one line a record. */
function follow(pod: string): { records(): Record<string, unknown>[] } {
  const [program, args] = besideTool("kubectl", "logs", "--follow", pod);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill());
  let text = "";
  child.stdout.on("data", (data: Buffer) => (text += data.toString()));
  return {
    records: () =>
      text
        .split("\n")
        .filter((line) => line.startsWith("{") && line.endsWith("}"))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

test("the API server takes all that the charts make, and finds a misspelt field in it", () => {
  const dryRun = (manifest: string): string =>
    kubectl("apply", "--dry-run=server", "--validate=strict", `--filename=${file("all.yaml", manifest)}`);
  const gateway = helm(
    // A pod is refused where its service account is not there yet.
    ...["template", "other", chart("riva-gateway"), "--kube-version=1.34.4", "--skip-tests"],
    values("all.json", {
      autoscaling: { enabled: true, cpuUtilization: 50 },
      tls: { existingSecret: "cert", clientCertificates: true, probeSecret: "probe" },
      auth: { existingSecret: "keys" },
      upstreamCredentials: { existingSecret: "a", existingFilesSecret: "b" },
      service: { type: "LoadBalancer", externalTrafficPolicy: "Local", sourceRanges: ["192.0.2.0/24"] },
      networkPolicy: { from: [{ podSelector: {} }], egress: [{ ports: [{ port: 443 }] }] },
      priorityClassName: "system-cluster-critical",
    }),
  );
  const said = dryRun(gateway);
  for (const kind of ["deployment", "horizontalpodautoscaler", "poddisruptionbudget", "networkpolicy"])
    expect(said).toMatch(new RegExp(`^${kind}\\S*/other created \\(server dry run\\)$`, "m"));
  const run = helm(
    ...["template", "night", chart("riva-bench"), "--kube-version=1.34.4"],
    ...["--set=emulator.enabled=true,results.claimSize=1Gi,nats.persistent=true"],
  );
  expect(dryRun(run)).toContain("job.batch/night-workers created (server dry run)");
  expect(() => dryRun(gateway.replace("terminationGracePeriodSeconds", "terminationGraceSeconds"))).toThrow(
    "terminationGraceSeconds",
  );
}, 120_000);

test("helm test finds the recogniser behind it", () => {
  expect(helm("test", "gateway", "--logs", "--timeout=120s")).toMatch(/Phase:\s+Succeeded/);
}, 180_000);

test(`a rolling update under ${STREAMS} sessions cuts none`, async () => {
  const before = pods();
  const logs = before.map(follow);
  expect(logs).toHaveLength(2);
  const run = startRun(
    `name: update
load: { model: concurrency, streams: ${STREAMS} }
duration: { warmup: 5s, steady: 90s, drain: auto }
slo: ["error_ratio < 0.1%"]
`,
    ...["--target=ws://gateway:9000/v1/stream", "--workers=1"],
  );
  await run.sees(/steady \d+s of/);
  await sleep(10_000);
  helm(
    ...["upgrade", "gateway", chart("riva-gateway"), "--wait", "--timeout=180s"],
    values("next.json", { podAnnotations: { updated: "yes" } }),
  );
  const { code, stderr } = await run.ended;
  const { result } = readRun(run.folder);
  const phases = Object.values(result.sessionsByPhase);
  const sum = (key: "scheduled" | "completed" | "failed" | "dropped"): number =>
    phases.reduce((total, phase) => total + phase[key], 0);
  // A small machine may send late, which makes a run void; sessions are what this is about.
  expect([code, stderr]).toEqual([expect.toBeOneOf([0, 5]), expect.stringContaining("is installed")]);
  const failures = phases.flatMap((phase) => phase.failures);
  const spoiled = failures.filter(({ origin }) => origin === "generator");
  expect([failures.filter((one) => !spoiled.includes(one)), sum("dropped")]).toEqual([[], 0]);
  const late = spoiled.reduce((total, { count }) => total + count, 0);
  expect(sum("completed")).toBe(sum("scheduled") - late);
  expect(sum("completed")).toBeGreaterThan(STREAMS * 3);

  process.stderr.write(
    `${sum("completed")} of ${sum("scheduled")} sessions completed, ${late} spoiled by the generator\n`,
  );
  await expect
    .poll(() => pods().filter((name) => before.includes(name)), { timeout: 150_000, interval: 2000 })
    .toEqual([]);
  for (const log of logs) {
    const records = log.records();
    const at = (message: string): number => records.findIndex(({ msg }) => msg === message);
    const [draining, stopped] = [at("draining"), at("gateway stopped")];
    // It took sessions, was told to go while it had some, and saw each of them to its own end.
    expect([draining > 0, stopped > draining]).toEqual([true, true]);
    const closed = records.filter(({ msg }) => msg === "session closed");
    const after = records.slice(draining, stopped).filter(({ msg }) => msg === "session closed");
    expect(after.length).toBeGreaterThan(0);
    // Callers that the generator gave up hang up as they like; the gateway itself ended none.
    expect(closed.filter(({ close }) => close === 1001 || Number(close) >= 1011)).toEqual([]);
    process.stderr.write(`old pod: ${closed.length} sessions, ${after.length} ended after SIGTERM\n`);
  }
}, 600_000);

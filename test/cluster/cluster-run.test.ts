/** Runs in a real Kubernetes: what passes, and what is left when a part of it dies. By hand: npm run test:cluster. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { openStoredRun } from "../../src/store/stored-run.ts";
import { readLines, readRun, tempFolder } from "../support/bench-process.ts";
import {
  besideCluster,
  clusterTool,
  evict,
  feedKubectl,
  isLocal,
  killContainer,
  startCluster,
  stopCluster,
} from "../support/cluster.ts";
import { startRun } from "../support/cluster-run.ts";
import type { StartedRun } from "../support/cluster-run.ts";
import { selectorOf } from "../../src/cluster/release.ts";

beforeAll(startCluster, 3_600_000);
afterAll(stopCluster, 120_000);

const SCENARIO = `name: pods
load: { model: concurrency, streams: 4 }
duration: { warmup: 2s, steady: 25s }
audio: { clips: { max: 3s } }
slo: ["error_ratio < 50%"]
`;
const start = (...more: string[]): StartedRun => startRun(SCENARIO, "-t", "emulator-nim", "-w", "2", ...more);

const kubectl = (...args: string[]): string => clusterTool("kubectl", ...args);
const RUNNING = /steady \d+s of/;

/** Everything that was scheduled ended in one way or another. */
function expectConserved({ sessionsByPhase }: RunResult): void {
  const all = Object.values(sessionsByPhase);
  expect(all.reduce((sum, phase) => sum + phase.scheduled, 0)).toBeGreaterThan(0);
  for (const { scheduled, completed, failed, dropped } of all)
    expect(completed + failed + dropped).toBe(scheduled);
}

function leftovers(id: string): string {
  return kubectl(
    "get",
    "jobs,statefulsets,services,secrets,networkpolicies",
    selectorOf(`bench-${id}`),
    "--output=name",
  );
}

/** Name of the pod of a run that has these labels, too. */
function podOf(id: string, labels: string): string {
  return kubectl(
    "get",
    "pods",
    `${selectorOf(`bench-${id}`)},${labels}`,
    "--output=jsonpath={.items[*].metadata.name}",
  );
}

const WORKER_2 = "batch.kubernetes.io/job-completion-index=1";
const COORDINATOR = "app.kubernetes.io/component=run";

interface JobStatus {
  active?: number;
  failed?: number;
  succeeded?: number;
  failedIndexes?: string;
}

/** Status of the workers of a run that was kept. */
function workersOf(id: string): JobStatus {
  const job = kubectl("get", "job", `bench-${id}-workers`, "--output=json");
  return (JSON.parse(job) as { status: JobStatus }).status;
}

/** No pod of a worker is left at work, and none came in its place. */
async function expectWorkersStop(id: string): Promise<void> {
  await expect.poll(() => workersOf(id).active ?? 0, { timeout: 30_000, interval: 1000 }).toBe(0);
  const { failed = 0, succeeded = 0 } = workersOf(id);
  expect(failed + succeeded).toBe(2);
}

// A busy machine makes a run void, which is as it should be.
test(
  "a run that passes: exit code 0, its folder is here, nothing of it is left there",
  { retry: 2, timeout: 300_000 },
  async () => {
    const run = start();
    const { code, stdout, stderr } = await run.ended;
    expect([code, stderr]).toEqual([0, expect.stringContaining("is installed")]);
    expect(stdout).toContain("out");
    const { result } = readRun(run.folder);
    expect(result.verdict).toBe("pass");
    expect(result.run.remote?.workers.map(({ index }) => index)).toEqual([0, 1]);
    expectConserved(result);
    expect(leftovers(run.id)).toBe("");
  },
);

test("SIGKILL of a worker: void, its index has failed, nothing runs it again, sessions are conserved", async () => {
  const run = start("--keep");
  await run.sees(RUNNING);
  killContainer(podOf(run.id, WORKER_2), "worker");
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([5, expect.stringMatching(/worker 2 \(pod .*\) ended with exit code 137/)]);
  expectConserved(readRun(run.folder).result);
  const { failedIndexes, failed, active = 0 } = workersOf(run.id);
  expect([failedIndexes, failed, active]).toEqual(["1", 1, 0]);
  clusterTool("helm", "uninstall", `bench-${run.id}`);
}, 300_000);

test("eviction of a worker is refused; where nothing refuses it, its index has failed and the run is void", async () => {
  const run = start("--keep");
  await run.sees(RUNNING);
  const pod = podOf(run.id, WORKER_2);
  expect(() => evict(pod)).toThrow(/would violate the pod's disruption budget/);
  kubectl("delete", "poddisruptionbudget", `bench-${run.id}`);
  evict(pod);
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([5, expect.stringContaining("worker 2 was told to end (SIGTERM)")]);
  const { result } = readRun(run.folder);
  expect(result.verdict).toBe("void");
  expect(result.sessions.failures).toContainEqual(expect.objectContaining({ class: "worker-lost" }));
  expectConserved(result);
  const { failedIndexes, failed, active = 0 } = workersOf(run.id);
  expect([failedIndexes, failed, active]).toEqual(["1", 1, 0]);
  clusterTool("helm", "uninstall", `bench-${run.id}`);
}, 300_000);

test("the coordinator's pod deleted in mid-run: it drains, its partial result is here, exit code 130", async () => {
  const run = start("--keep");
  await run.sees(RUNNING);
  kubectl("delete", "pod", podOf(run.id, COORDINATOR), "--wait=false");
  const deletedMs = performance.now();
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([130, expect.stringMatching(/the coordinator \(pod .*\) is being deleted/)]);
  // The pod holds the folder for ten minutes.
  expect(performance.now() - deletedMs).toBeLessThan(120_000);
  const { result } = readRun(run.folder);
  expect(result.run.interrupted).toBe(true);
  expect(result.verdict).not.toBe("pass");
  expectConserved(result);
  await expectWorkersStop(run.id);
  clusterTool("helm", "uninstall", `bench-${run.id}`);
}, 300_000);

test("the coordinator's pod taken away at once: exit code 1, what is lost is said, workers stop", async () => {
  const run = start("--keep");
  await run.sees(RUNNING);
  kubectl("delete", "pod", podOf(run.id, COORDINATOR), "--grace-period=0", "--force", "--wait=false");
  const { code, stdout, stderr } = await run.ended;
  expect([code, stdout, stderr]).toEqual([
    1,
    expect.not.stringContaining("PASS"),
    expect.stringMatching(/bench: .*(?:the run folder can't be fetched|is gone, and the run with it)/),
  ]);
  await expectWorkersStop(run.id);
  clusterTool("helm", "uninstall", `bench-${run.id}`);
}, 300_000);

test.runIf(isLocal)(
  "SIGKILL of the coordinator: exit code 1, what it had flushed is here, workers stop",
  async () => {
    const run = start("--keep");
    await run.sees(RUNNING);
    killContainer(podOf(run.id, COORDINATOR), "run");
    const { code, stderr } = await run.ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("the coordinator was killed (exit code 137, Error)"),
    ]);
    const { result } = await openStoredRun(run.folder, run.folder);
    expect(result.verdict).toBe("void");
    expect(readLines(join(run.folder, "sessions.ndjson")).length).toBeGreaterThan(0);
    await expectWorkersStop(run.id);
    clusterTool("helm", "uninstall", `bench-${run.id}`);
  },
  300_000,
);

test("the broker's pod deleted in mid-run: void, sessions are conserved", async () => {
  const run = start();
  await run.sees(RUNNING);
  kubectl("delete", "pod", `bench-${run.id}-nats-0`, "--wait=false");
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([5, expect.stringContaining("the broker's pod was replaced")]);
  const { result } = readRun(run.folder);
  expect(result.verdict).toBe("void");
  expectConserved(result);
}, 300_000);

test("Ctrl-C drains: a partial result is here, exit code 130", async () => {
  const run = start();
  await run.sees(RUNNING);
  run.interrupt();
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([130, expect.stringContaining("draining")]);
  const { result } = readRun(run.folder);
  expect(result.run.interrupted).toBe(true);
  expectConserved(result);
  expect(leftovers(run.id)).toBe("");
}, 300_000);

test("an image that is not there: one sentence, nothing is left", async () => {
  const run = start("--image", "localhost/nowhere:1");
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([1, expect.stringMatching(/bench: .*can't pull localhost\/nowhere:1/)]);
  expect(leftovers(run.id)).toBe("");
}, 300_000);

/** A node of paper: the scheduler takes it for one; what a kubelet would say of its pods, the test says. */
function paperNode(name: string): object {
  const room = { cpu: "64", memory: "256Gi", "ephemeral-storage": "1Ti", pods: "110" };
  return {
    ...{ apiVersion: "v1", kind: "Node" },
    metadata: { name, labels: { paper: "yes", "kubernetes.io/hostname": name } },
    spec: { taints: [{ key: "paper", effect: "NoSchedule" }] },
    status: { capacity: room, allocatable: room, conditions: [{ type: "Ready", status: "True" }] },
  };
}

const ON_PAPER = "nodeSelector: { paper: 'yes' }, tolerations: [{ operator: Exists }]";

test.runIf(isLocal)(
  "a Job of 200 workers is taken as it is, spread evenly over ten nodes, and ends with the indexes named that failed",
  async () => {
    const cwd = tempFolder();
    writeFileSync(
      join(cwd, "values.yaml"),
      `run: { ${ON_PAPER} }\nnats: { ${ON_PAPER} }\nworkers: { ${ON_PAPER}, spread: DoNotSchedule }\n`,
    );
    const names = Array.from({ length: 10 }, (_, index) => `paper-${index}`);
    feedKubectl(names.map((name) => JSON.stringify(paperNode(name))).join("\n---\n"), "create", "-f-");
    const asked = ["-t", "grpc://nowhere:50051", "-w", "200", "-f", "values.yaml", "--run", "paper"];
    const [program, all] = besideCluster(["cluster", "manifest", ...asked]);
    const manifest = execFileSync(program, all, { cwd, encoding: "utf8" });
    feedKubectl(manifest, "apply", "-f-");
    const columns = String.raw`N:.spec.nodeName,I:.metadata.labels.batch\.kubernetes\.io/job-completion-index,P:.metadata.name`;
    const workers = `${selectorOf("bench-paper")},app.kubernetes.io/component=worker`;
    const look = ["get", "pods", workers, "--no-headers", `--output=custom-columns=${columns}`];
    const placed = (): string[][] =>
      kubectl(...look)
        .split("\n")
        .filter((line) => line.startsWith("paper-"))
        .map((line) => line.split(/ +/));
    await expect.poll(() => placed().length, { timeout: 120_000, interval: 2000 }).toBe(200);
    const pods = placed();
    expect(new Set(pods.map(([, index]) => index)).size).toBe(200);
    for (const name of names)
      expect([name, pods.filter(([node]) => node === name).length]).toEqual([name, 20]);
    const budget = kubectl(
      "get",
      "poddisruptionbudget",
      "bench-paper",
      "--output=jsonpath={.spec.minAvailable}",
    );
    expect(budget).toBe("202");
    const failing = ["7", "99", "150"];
    const say = (phase: string, isMeant: (index: string) => boolean): string =>
      feedKubectl(
        pods
          .flatMap(([, index = "", name]) => (isMeant(index) ? [name] : []))
          .map((name) => JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name } }))
          .join("\n---\n"),
        ...[
          "patch",
          "-f-",
          "--subresource=status",
          "--type=merge",
          `--patch={"status":{"phase":"${phase}"}}`,
        ],
      );
    say("Running", () => true);
    say("Failed", (index) => failing.includes(index));
    say("Succeeded", (index) => !failing.includes(index));
    await expect
      .poll(() => workersOf("paper"), { timeout: 60_000, interval: 2000 })
      .toMatchObject({ succeeded: 197, failed: 3, failedIndexes: failing.join(",") });
    expect(workersOf("paper").active ?? 0).toBe(0);
    feedKubectl(manifest, "delete", "-f-", "--wait=false");
    kubectl("delete", "nodes", "--selector=paper", "--wait=false");
  },
  300_000,
);

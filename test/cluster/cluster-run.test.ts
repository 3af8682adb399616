/** Runs in a real Kubernetes: what passes, and what is left when a part of it dies. By hand: npm run test:cluster. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { readRun } from "../support/bench-process.ts";
import { clusterTool, killContainer, startCluster, stopCluster } from "../support/cluster.ts";
import { startRun } from "../support/cluster-run.ts";
import type { StartedRun } from "../support/cluster-run.ts";

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
    `--selector=app.kubernetes.io/instance=bench-${id}`,
    "--output=name",
  );
}

test("a run that passes: exit code 0, its folder is here, nothing of it is left there", async () => {
  const run = start();
  const { code, stdout, stderr } = await run.ended;
  expect([code, stderr]).toEqual([0, expect.stringContaining("is installed")]);
  expect(stdout).toContain("out");
  const { result } = readRun(run.folder);
  expect(result.verdict).toBe("pass");
  expect(result.run.remote?.workers.map(({ index }) => index)).toEqual([0, 1]);
  expectConserved(result);
  expect(leftovers(run.id)).toBe("");
}, 300_000);

test("SIGKILL of a worker: void, its index has failed, nothing runs it again, sessions are conserved", async () => {
  const run = start("--keep");
  await run.sees(RUNNING);
  const pods = kubectl(
    "get",
    "pods",
    `--selector=app.kubernetes.io/instance=bench-${run.id},batch.kubernetes.io/job-completion-index=1`,
    "--output=jsonpath={.items[*].metadata.name}",
  );
  killContainer(pods, "worker");
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([5, expect.stringMatching(/worker 2 \(pod .*\) ended with exit code 137/)]);
  expectConserved(readRun(run.folder).result);
  const job = JSON.parse(kubectl("get", "job", `bench-${run.id}-workers`, "--output=json")) as {
    status: { failedIndexes?: string; failed?: number; active?: number };
  };
  expect([job.status.failedIndexes, job.status.failed, job.status.active ?? 0]).toEqual(["1", 1, 0]);
  clusterTool("helm", "uninstall", `bench-${run.id}`);
}, 300_000);

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

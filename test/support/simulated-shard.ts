/** Run folders of whole runs and of shards, made by the real coordinator and workers on a virtual clock. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadDataset } from "../../src/base/dataset/dataset.ts";
import type { Shard } from "../../src/loadgen/plan/share.ts";
import { shareOf, splitShare } from "../../src/loadgen/plan/share.ts";
import { createCoordinator } from "../../src/loadgen/workers/coordinator.ts";
import { parseSlo } from "../../src/metrics/judge/slo.ts";
import { createTotals } from "../../src/metrics/record/totals.ts";
import type { RunManifest, RunResult } from "../../src/metrics/result/result.ts";
import type { RunEvent } from "../../src/metrics/result/run-event.ts";
import { checkAgainstDataset, formatScenario, parseScenario } from "../../src/scenario/scenario.ts";
import { conclude } from "../../src/store/make-result.ts";
import { recordFiles } from "../../src/store/run-folder.ts";
import type { FakeServer } from "./fake-transport.ts";
import { pumpUntil, workerInProcess } from "./in-process.ts";
import { PASSED } from "./sample-result.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface SimulatedRun {
  /** New folder, which becomes the run's id as well. */
  folder: string;
  id: string;
  load: string;
  server: FakeServer;
  /** Default: the whole plan, as no shard. */
  part?: Shard;
  workers?: number;
  /** Milliseconds since T0 at which it is interrupted. */
  stopAt?: number;
  /** How much later than the others it begins, milliseconds. */
  lateMs?: number;
  host?: string;
  /** Default: it is. */
  reachableAtEnd?: boolean;
}

const NOW_EPOCH_MS = 1_700_000_000_000;

/** Makes the run and leaves its folder as `bench run` would. */
export async function simulateRun(spec: SimulatedRun): Promise<RunResult> {
  const { folder, id, load, server, part, workers = 1, stopAt, lateMs = 0, host = "here" } = spec;
  mkdirSync(folder);
  const startAtEpochMs = NOW_EPOCH_MS + lateMs + 200;
  // From here T0 is 0, see `loadgen/workers/workers.test.ts`.
  const clock = new VirtualClock(-200, NOW_EPOCH_MS + lateMs);
  const dataset = await loadDataset("default");
  const text = `name: parts\nload: ${load}\nduration: { warmup: 2s, steady: 12s }\naudio: { clips: { max: 3s } }\nslo: ["error_ratio < 90%"]\n`;
  const read = checkAgainstDataset(parseScenario(text, "parts.yaml"), dataset);
  const scenario = { ...read, transport: "riva-grpc" as const };
  const slos = scenario.slo.map((slo) => parseSlo(slo));
  const totals = createTotals({
    window: { startMs: scenario.warmupMs, endMs: scenario.warmupMs + scenario.steadyMs },
    slos,
  });
  const own = part ?? { index: 0, of: 1 };
  const events: RunEvent[] = [];
  let started = false;
  let ended = false;
  const coordinator = createCoordinator({
    jobs: splitShare(shareOf(own), workers).map((share, index) => ({
      runId: "run",
      scenario,
      target: { transport: "fake", address: "fake:1", path: "", metadata: {}, secrets: [] },
      datasetPath: scenario.audio.dataset,
      seed: 7,
      ...{ share, worker: own.index + own.of * index + 1, processes: workers, writesClips: index === 0 },
      ...recordFiles(folder),
    })),
    launch: () => workerInProcess(clock, server),
    totals,
    clock,
    startAtEpochMs,
    onStart: () => (started = true),
    onProgress: () => undefined,
    onSnapshot: () => undefined,
    onEvent: (event) => events.push(event),
  });
  const running = coordinator.run().finally(() => (ended = true));
  running.catch(() => undefined);
  await pumpUntil(clock, () => started || ended);
  if (stopAt !== undefined) {
    clock.advanceTo(stopAt);
    coordinator.stop();
  }
  clock.advanceTo(60_000);
  await pumpUntil(clock, () => ended);
  const outcome = await running;
  const { tool, node, cpus } = PASSED.run;
  const startAt = new Date(startAtEpochMs).toISOString();
  const shard = part === undefined ? {} : { shard: { index: part.index + 1, count: part.of, startAt } };
  const run = { ...{ id, seed: 7, tool, node, cpus, host }, ...shard };
  const facts = { name: dataset.name, clips: 7, audioSeconds: 20, sha256: dataset.sha256 };
  const result = conclude({
    ...{ scenario, slos, outcome, totals, run, target: PASSED.target, dataset: facts },
    reachableAtEnd: spec.reachableAtEnd ?? true,
  });
  const manifest: RunManifest = {
    schema: "riva-bench/manifest@1",
    run: { ...run, startedAt: startAt, planHash: outcome.planHash, workers },
    ...{ target: PASSED.target, dataset: facts, pid: 2 ** 30 },
  };
  const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
  // In virtual time each worker writes once, at the end; in real time they take turns every second.
  const endOf = (line: string): number => (JSON.parse(line) as { endedMs?: number }).endedMs ?? 0;
  const lines = readFileSync(join(folder, "sessions.ndjson"), "utf8").trimEnd().split("\n");
  write("sessions.ndjson", `${lines.sort((a, b) => endOf(a) - endOf(b)).join("\n")}\n`);
  write("scenario.yaml", formatScenario(scenario));
  write("run.json", JSON.stringify(manifest));
  write("result.json", JSON.stringify(result));
  write("events.ndjson", events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  return result;
}

import { ALL, splitShare } from "../plan/share.ts";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { FakeServer } from "../../../test/support/fake-transport.ts";
import { pumpUntil, workerInProcess } from "../../../test/support/in-process.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { loadDataset } from "../../base/dataset/dataset.ts";
import type { Failure } from "../../base/outcome.ts";
import type { SessionRecord } from "../../metrics/result/session-record.ts";
import { parseSlo } from "../../metrics/judge/slo.ts";
import type { Totals } from "../../metrics/record/totals.ts";
import { createTotals } from "../../metrics/record/totals.ts";
import type { RunOutcome } from "./coordinator.ts";
import { createCoordinator } from "./coordinator.ts";
import { rebuildTotals } from "../../store/rebuild.ts";
import { checkAgainstDataset, parseScenario } from "../../scenario/scenario.ts";
import type { StartRecord } from "./start-record.ts";

const CLOSED = "{ model: concurrency, streams: 10 }";
const OPEN = "{ model: poisson, rate: 4 }";
const CONDITIONS = `
conditions:
  - { name: mobile, share: 30%, jitter: { mean: 20ms }, stall: { every: 1s, for: 300ms } }
  - { name: gone, share: 20%, hangUp: { after: { from: 200ms, to: 900ms } } }
  - { name: muted, share: 10%, mute: { after: 500ms, for: 1s }, loss: { every: 1s, for: 200ms } }`;

const scenarioWith = (load: string): string => `
name: sharded
load: ${load}
duration: { warmup: 2s, steady: 12s }
audio: { clips: { max: 3s } }
slo: ["final_from_close p50 < 200ms", "response_latency p90 < 70ms"]
`;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "workers-"))));
afterEach(() => rmSync(folder, { recursive: true }));

interface Ran {
  outcome: RunOutcome;
  totals: Totals;
  sessions: SessionRecord[];
  starts: StartRecord[];
  rebuild(): Promise<Totals>;
}

/**
 * @param extendTo milliseconds since T0 at which the window is made to end, told two seconds before its planned end
 * @param stopAt milliseconds since T0 at which the run is interrupted
 */
async function runWith(
  workers: number,
  server: FakeServer,
  load: string = CLOSED,
  extendTo?: number,
  stopAt?: number,
): Promise<Ran> {
  // T0 is 200 ms after all are ready: from here that is 0, and planned instants come without a rounding error at which a
  // clock that stands still would wake the same timer for ever.
  const clock = new VirtualClock(-200);
  const scenario = checkAgainstDataset(
    parseScenario(scenarioWith(load), "sharded.yaml"),
    await loadDataset("default"),
  );
  const window = { startMs: scenario.warmupMs, endMs: scenario.warmupMs + scenario.steadyMs };
  const slos = scenario.slo.map((text) => parseSlo(text));
  const totals = createTotals({ window, slos });
  const file = (name: string): string => join(folder, `${workers}-${name}.ndjson`);
  const files = { sessionsFile: file("sessions"), startsFile: file("starts"), clipsFile: file("clips") };
  let started = false;
  const coordinator = createCoordinator({
    jobs: splitShare(ALL, workers).map((share, index) => ({
      runId: "run",
      scenario,
      target: { transport: "fake", address: "fake:1", path: "", metadata: {}, secrets: [] },
      datasetPath: scenario.audio.dataset,
      seed: 7,
      ...{ share, worker: index + 1, processes: workers, writesClips: index === 0 },
      ...files,
    })),
    launch: () => workerInProcess(clock, server),
    totals,
    clock,
    onStart: () => (started = true),
    onProgress: () => undefined,
    onSnapshot: () => undefined,
    onEvent: () => undefined,
  });
  let ended = false;
  const outcome = coordinator.run().finally(() => (ended = true));
  outcome.catch(() => undefined);
  await pumpUntil(clock, () => started || ended);
  if (extendTo !== undefined) {
    clock.advanceTo(12_000);
    coordinator.extend(extendTo);
  }
  if (stopAt !== undefined) {
    clock.advanceTo(stopAt);
    coordinator.stop();
  }
  clock.advanceTo(60_000);
  await pumpUntil(clock, () => ended);
  const read = <T>(path: string): T[] =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as T);
  return {
    outcome: await outcome,
    totals,
    sessions: read<SessionRecord>(files.sessionsFile),
    starts: read<StartRecord>(files.startsFile),
    rebuild: async () => {
      const longer = { ...window, endMs: extendTo ?? window.endMs };
      return (await rebuildTotals({ ...files, window: longer, slos, lost: [] })).totals;
    },
  };
}

/** Without what also counts sessions outside the window: how many of those there are is no part of the plan. */
function readings(totals: Totals): unknown {
  const metrics = totals.summaries();
  delete metrics["rtfx_nvidia_compat"];
  // Sums of fractions depend on their order in the last of their digits.
  for (const metric of Object.values(metrics)) {
    if (metric.value !== undefined) metric.value = Number(metric.value.toPrecision(12));
  }
  const tally = (index: number): unknown =>
    totals.tally(index).sort((a, b) => a.values - b.values || a.over - b.over);
  const { failures, ...counts } = totals.counts("steady");
  // Kinds of failures stand in the order in which workers first told of them.
  const byKind = failures.sort((a, b) => (a.class < b.class ? -1 : 1));
  return { metrics, counts: { ...counts, failures: byKind }, tallies: [tally(0), tally(1)] };
}

const failure: Failure = {
  phase: "streaming",
  class: "internal",
  origin: "server",
  code: "INTERNAL",
  message: "",
};
const SERVER: FakeServer = { readyMs: 7, partialMs: 60, finalMs: 90 };
/** Fails by what is asked, not by when, so that it fails the same sessions of any number of workers. */
const FLAKY: FakeServer = {
  ...SERVER,
  fail: ({ requestId }) =>
    Number(requestId.split("/")[2]) % 7 === 0 ? { afterMs: 500, failure } : undefined,
};

it.each([
  ["a closed load", CLOSED, SERVER],
  ["a closed load and a server that fails some sessions", CLOSED, FLAKY],
  ["an open load", OPEN, SERVER],
  ["an open load and a server that fails some sessions", OPEN, FLAKY],
  ["a closed load under conditions", `${CLOSED}${CONDITIONS}`, SERVER],
  ["an open load under conditions", `${OPEN}${CONDITIONS}`, FLAKY],
])(
  "one worker and four on one seed agree on every number: %s",
  async (_, load, server) => {
    const [one, four] = [await runWith(1, server, load), await runWith(4, server, load)];
    expect(four.outcome.planHash).toBe(one.outcome.planHash);
    expect(one.totals.counts("steady").scheduled).toBeGreaterThan(30);
    expect(readings(four.totals)).toEqual(readings(one.totals));
    const recorded = (ran: Ran): number[] =>
      ran.sessions.flatMap(({ seq, phase }) => (phase === "steady" ? [seq] : [])).sort((a, b) => a - b);
    expect(recorded(four)).toEqual(recorded(one));
  },
  60_000,
);

it.each([
  ["a closed load", CLOSED],
  ["an open load", OPEN],
])("a window that is made longer is so for every worker, and the records know it: %s", async (_, load) => {
  const [planned, one, four] = [
    await runWith(1, FLAKY, load),
    await runWith(1, FLAKY, load, 20_000),
    await runWith(4, FLAKY, load, 20_000),
  ];
  expect(four.outcome.extendedToMs).toBe(20_000);
  expect(four.outcome.summaries.map((summary) => summary?.windowEndMs)).toEqual(Array(4).fill(20_000));
  expect(one.totals.counts("steady").scheduled).toBeGreaterThan(
    1.2 * planned.totals.counts("steady").scheduled,
  );
  expect(readings(four.totals)).toEqual(readings(one.totals));
  expect(readings(await four.rebuild())).toEqual(readings(four.totals));
});

it("four workers hold the load until the last session of the window has ended anywhere", async () => {
  const { sessions, outcome } = await runWith(4, SERVER);
  const lastEndMs = Math.max(...outcome.summaries.map((summary) => summary?.lastRecordedEndMs ?? NaN));
  // The caller of that very session is in its next one already.
  const openThen = sessions.filter(
    ({ startedMs = NaN, endedMs = NaN }) => startedMs <= lastEndMs + 0.001 && endedMs > lastEndMs + 0.001,
  );
  expect(openThen.length).toBe(10);
});

it.each([
  ["", CLOSED],
  [", under conditions", `${OPEN}${CONDITIONS}`],
])("records are the run: added up again they give its numbers, to the last digit%s", async (_, load) => {
  const { totals, sessions, starts, rebuild } = await runWith(4, FLAKY, load);
  expect(readings(await rebuild())).toEqual(readings(totals));
  const numbers = (records: readonly { seq: number }[]): number[] =>
    records.map(({ seq }) => seq).sort((a, b) => a - b);
  expect(numbers(starts)).toEqual(numbers(sessions));
});

it("an interrupted window ends where it was interrupted, however long its sessions go on", async () => {
  const { totals, outcome } = await runWith(2, SERVER, CLOSED, undefined, 6000);
  const windowEndMs = Math.max(...outcome.summaries.map((summary) => summary?.windowEndMs ?? NaN));
  totals.cutWindow(windowEndMs);
  expect(windowEndMs).toBeGreaterThanOrEqual(6000);
  expect(windowEndMs).toBeLessThan(6050);
  // Ten callers, but for the moments between two sessions.
  const mean = totals.summaries()["concurrency"]?.value;
  expect(mean).toBeLessThanOrEqual(10);
  expect(mean).toBeGreaterThan(9.5);
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { FakeServer } from "../../test/support/fake-transport.ts";
import { workerInProcess } from "../../test/support/in-process.ts";
import { VirtualClock } from "../base/clock.ts";
import { loadDataset } from "../base/dataset.ts";
import type { Failure } from "../base/outcome.ts";
import type { SessionRecord } from "../metrics/session-record.ts";
import { parseSlo } from "../metrics/slo.ts";
import type { Totals } from "../metrics/totals.ts";
import { createTotals } from "../metrics/totals.ts";
import type { RunOutcome } from "./coordinator.ts";
import { createCoordinator } from "./coordinator.ts";
import { rebuildTotals } from "./rebuild.ts";
import { checkAgainstDataset, parseScenario } from "./scenario.ts";
import type { StartRecord } from "./start-record.ts";

const SCENARIO = `
name: sharded
load: { model: concurrency, streams: 10 }
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

async function runWith(workers: number, server: FakeServer): Promise<Ran> {
  const clock = new VirtualClock(0);
  const scenario = checkAgainstDataset(parseScenario(SCENARIO, "sharded.yaml"), await loadDataset("default"));
  const window = { startMs: scenario.warmupMs, endMs: scenario.warmupMs + scenario.steadyMs };
  const slos = scenario.slo.map((text) => parseSlo(text));
  const totals = createTotals({ window, slos });
  const file = (name: string): string => join(folder, `${workers}-${name}.ndjson`);
  const files = { sessionsFile: file("sessions"), startsFile: file("starts"), clipsFile: file("clips") };
  let started = false;
  const coordinator = createCoordinator({
    jobs: Array.from({ length: workers }, (_, index) => ({
      runId: "run",
      scenario,
      target: { address: "fake:1", metadata: {} },
      datasetPath: scenario.audio.dataset,
      seed: 7,
      shard: { index, of: workers },
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
  const outcome = coordinator.run();
  // Files are read and written in real time; everything else happens on the virtual clock.
  const pump = async (until: () => boolean): Promise<void> => {
    while (!until()) {
      await new Promise(setImmediate);
      clock.advanceTo(clock.nowMs());
    }
  };
  await pump(() => started);
  clock.advanceTo(40_000);
  let ended = false;
  void outcome.then(() => (ended = true));
  await pump(() => ended);
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
    rebuild: async () => (await rebuildTotals({ ...files, window, slos, lost: [] })).totals,
  };
}

/** Without what also counts sessions outside the window: how many of those there are is no part of the plan. */
function readings(totals: Totals): unknown {
  const metrics = totals.summaries();
  delete metrics["rtfx_nvidia_compat"];
  const tally = (index: number): unknown =>
    totals.tally(index).sort((a, b) => a.values - b.values || a.over - b.over);
  return { metrics, counts: totals.counts("steady"), tallies: [tally(0), tally(1)] };
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
  ["a good server", SERVER],
  ["a server that fails some sessions", FLAKY],
])("one worker and four on one seed agree on every number: %s", async (_, server) => {
  const [one, four] = [await runWith(1, server), await runWith(4, server)];
  expect(four.outcome.planHash).toBe(one.outcome.planHash);
  expect(one.totals.counts("steady").scheduled).toBeGreaterThan(30);
  expect(readings(four.totals)).toEqual(readings(one.totals));
  const recorded = (ran: Ran): number[] =>
    ran.sessions.flatMap(({ seq, phase }) => (phase === "steady" ? [seq] : [])).sort((a, b) => a - b);
  expect(recorded(four)).toEqual(recorded(one));
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

it("records are the run: added up again they give its numbers, to the last digit", async () => {
  const { totals, sessions, starts, rebuild } = await runWith(4, FLAKY);
  expect(readings(await rebuild())).toEqual(readings(totals));
  const numbers = (records: readonly { seq: number }[]): number[] =>
    records.map(({ seq }) => seq).sort((a, b) => a - b);
  expect(numbers(starts)).toEqual(numbers(sessions));
});

import type { Shard } from "../plan/share.ts";
import { ALL, shareOf } from "../plan/share.ts";
import { describe, expect, it } from "vitest";
import { keptClips } from "../../../test/support/kept-clips.ts";
import type { FakeServer } from "../../../test/support/fake-transport.ts";
import { fakeTransport } from "../../../test/support/fake-transport.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Observation, RunPhase } from "../../metrics/observation/observation.ts";
import type { ReadyClip } from "../audio/audio-plan.ts";
import type { Engine, EngineSummary } from "./engine.ts";
import { createEngine } from "./engine.ts";
import type { OpenPlanInput } from "../plan/plan-input.ts";
import { makePlan } from "../plan/plan.ts";
import { createScheduler } from "./scheduler.ts";

function clip(id: string, audioMs: number): ReadyClip {
  const chunks = Array.from({ length: Math.ceil(audioMs / 100) }, () => new Uint8Array(3200));
  const facts = { id, audioMs, onsetMs: 50, speechEndMs: audioMs - 50, text: "all the words", words: [] };
  return { facts, sampleRateHz: 16_000, chunks, chunkMs: 100 };
}

/** Four sessions a second of about a second: four to five open. */
const base: OpenPlanInput = {
  segments: [{ fromMs: 0, toMs: Infinity, from: 4, to: 4, spacing: "even" }],
  maxOpen: 20,
  expectedOpen: 5,
  warmupMs: 1000,
  steadyMs: 4000,
  chunkMs: 100,
  pace: 1,
  phase: "spread",
  clipIds: ["short", "long"],
  padding: { beforeMs: 0, afterMs: 0 },
  datasetSha256: "",
};

interface Run {
  clock: VirtualClock;
  engine: Engine;
  sessions: Observation[];
  transport: ReturnType<typeof fakeTransport>;
  summary(): EngineSummary | undefined;
}

function setUp(input: Partial<OpenPlanInput> = {}, server: Partial<FakeServer> = {}, share = ALL): Run {
  const clock = new VirtualClock(0);
  const transport = fakeTransport(clock, { readyMs: 7, partialMs: 80, finalMs: 120, ...server });
  const sessions: Observation[] = [];
  let summary: EngineSummary | undefined;
  const engine = createEngine({
    plan: makePlan({ ...base, ...input }, 1),
    share,
    clips: keptClips([clip("short", 730), clip("long", 1500)]),
    transport,
    scheduler: createScheduler(clock),
    clock,
    spec: {
      recognition: { language: "en-US", interim: true },
      encoding: "LINEAR_PCM",
      readyTimeoutMs: 10_000,
      flushTimeoutMs: 10_000,
    },
    runId: "run",
    drainMs: 11_500,
    onSession: (observation) => sessions.push(observation),
    onDone: (result) => (summary = result),
  });
  engine.start();
  return { clock, engine, sessions, transport, summary: () => summary };
}

function of(run: Run, phase: RunPhase): Observation[] {
  return run.sessions.filter((session) => session.phase === phase).sort((a, b) => a.seq - b.seq);
}

const isDropped = ({ outcome }: Observation): boolean => outcome === undefined;

describe("engine, open load", () => {
  it("starts every session at its planned time, in the phase of that time", () => {
    const run = setUp();
    run.clock.advanceTo(30_000);
    expect(of(run, "warmup").map(({ startedMs }) => startedMs)).toEqual([0, 250, 500, 750]);
    expect(of(run, "steady").map(({ startedMs }) => startedMs)).toEqual(
      Array.from({ length: 16 }, (_, n) => 1000 + 250 * n),
    );
    expect(run.sessions.every(({ startedMs, scheduledMs }) => startedMs === scheduledMs)).toBe(true);
  });

  it("goes on with unrecorded sessions until the last of the window has ended, then cuts the rest short", () => {
    const run = setUp();
    run.clock.advanceTo(30_000);
    const lastEnd = Math.max(...of(run, "steady").map((session) => session.endedMs!));
    expect(run.summary()).toEqual({ windowEndMs: 5000, lastRecordedEndMs: lastEnd, pausedSlotMs: 0 });
    const drain = of(run, "drain");
    expect(drain.map(({ scheduledMs }) => scheduledMs)).toEqual(
      drain.map((_, n) => 5000 + 250 * n).filter((ms) => ms <= lastEnd),
    );
    expect(drain.length).toBeGreaterThan(3);
    expect(drain.at(-1)?.cutShort).toBe(true);
    expect(of(run, "steady").some(({ cutShort }) => cutShort)).toBe(false);
    expect(run.transport.cancelled).toBe(0);
    expect(run.transport.openNow).toBe(0);
  });

  it("never waits: a server that stops answering has sessions pile up to the limit, the rest is dropped and counted", () => {
    const run = setUp({ maxOpen: 6 }, { finalMs: 1e9 });
    run.clock.advanceTo(30_000);
    expect(run.transport.maxOpen).toBe(6);
    const steady = of(run, "steady");
    expect(steady.map(({ scheduledMs }) => scheduledMs)).toEqual(steady.map((_, n) => 1000 + 250 * n));
    expect(steady.length).toBe(16);
    // Four sessions of the warm-up hold their places; two more are left.
    expect(steady.map(isDropped)).toEqual(steady.map((_, n) => n >= 2));
    const [dropped] = steady.filter(isDropped);
    expect(dropped).toMatchObject({ slot: -1, stage: "main", sentMs: [], responses: [], cutShort: false });
    expect(dropped?.startedMs).toBeUndefined();
    expect(dropped?.endedMs).toBeUndefined();
    expect(steady.slice(0, 2).map(({ outcome }) => outcome?.ok === false && outcome.failure.class)).toEqual([
      "deadline",
      "deadline",
    ]);
    expect(run.summary()?.lastRecordedEndMs).toBe(5000 + 11_500);
  });

  it("a place that was given back serves again, and no two open sessions hold one", () => {
    const run = setUp({ maxOpen: 4 });
    run.clock.advanceTo(30_000);
    const started = run.sessions.filter((session) => !isDropped(session));
    expect(run.sessions.some(isDropped)).toBe(true);
    for (const one of started) {
      const together = started.filter(
        (other) => other !== one && other.startedMs! < one.endedMs! && one.startedMs! < other.endedMs!,
      );
      expect(together.map(({ slot }) => slot)).not.toContain(one.slot);
    }
    expect(new Set(started.map(({ slot }) => slot))).toEqual(new Set([0, 1, 2, 3]));
  });

  it("after a stall of the process it starts what is overdue at once, late and unshortened", () => {
    const run = setUp();
    run.clock.advanceTo(2100);
    run.clock.stall(800);
    run.clock.advanceTo(30_000);
    const late = of(run, "steady").filter(({ scheduledMs, startedMs }) => startedMs! > scheduledMs);
    expect(late.map(({ scheduledMs, startedMs }) => [scheduledMs, startedMs])).toEqual([
      [2250, 2900],
      [2500, 2900],
      [2750, 2900],
    ]);
    expect(of(run, "steady").length).toBe(16);
  });

  it("counts depend on the plan alone: whatever the server does, as many sessions are scheduled", () => {
    const counts = [{}, { finalMs: 900 }, { readyMs: 300 }].map((server) => {
      const run = setUp({ maxOpen: 5 }, server);
      run.clock.advanceTo(40_000);
      return of(run, "steady").map(({ seq, scheduledMs, clip: { id } }) => [seq, scheduledMs, id]);
    });
    expect(counts[1]).toEqual(counts[0]);
    expect(counts[2]).toEqual(counts[0]);
  });

  it("three shards schedule what one does", () => {
    const segments = [{ fromMs: 0, toMs: Infinity, from: 4, to: 4, spacing: "poisson" as const }];
    const steadyOf = (shard: Shard): unknown[] => {
      const run = setUp({ segments }, {}, shareOf(shard));
      run.clock.advanceTo(30_000);
      return of(run, "steady").map(({ seq, scheduledMs, clip: { id } }) => [seq, scheduledMs, id]);
    };
    const parts = [0, 1, 2].flatMap((index) => steadyOf({ index, of: 3 }));
    expect(parts.sort((a, b) => (a as number[])[0]! - (b as number[])[0]!)).toEqual(
      steadyOf({ index: 0, of: 1 }),
    );
  });

  it("a trace that ends before the window leaves it empty, and the run ends with the window", () => {
    const run = setUp({ segments: [], trace: [{ startMs: 200 }, { startMs: 1500, clip: 1 }] });
    run.clock.advanceTo(4999);
    expect(run.summary()).toBeUndefined();
    run.clock.advanceTo(6000);
    expect(run.sessions.map(({ phase }) => phase)).toEqual(["warmup", "steady"]);
    expect(run.summary()?.windowEndMs).toBe(5000);
  });

  it("stop: starts nothing more, follows recorded sessions to their end, ends the window there", () => {
    const run = setUp();
    run.clock.advanceTo(2600);
    const { opened } = run.transport;
    run.engine.stop();
    run.clock.advanceTo(30_000);
    expect(run.transport.opened).toBe(opened);
    expect(run.sessions.length).toBe(opened);
    expect(run.summary()?.windowEndMs).toBe(2600);
    expect(of(run, "steady").every(({ cutShort, outcome }) => !cutShort && outcome?.ok === true)).toBe(true);
  });

  it("extend: arrivals before the new end are of the window, and the drain counts from it", () => {
    const run = setUp({}, { finalMs: 1e9 });
    run.clock.advanceTo(3000);
    run.engine.extend(7000);
    // Earlier than what was agreed: nothing to do.
    run.engine.extend(6000);
    run.clock.advanceTo(60_000);
    expect(of(run, "steady").map(({ scheduledMs }) => scheduledMs)).toEqual(
      Array.from({ length: 24 }, (_, n) => 1000 + 250 * n),
    );
    expect(run.summary()).toMatchObject({ windowEndMs: 7000, lastRecordedEndMs: 7000 + 11_500 });
  });

  it("abort: every open session ends at once as cancelled", () => {
    const run = setUp();
    run.clock.advanceTo(2600);
    const open = run.engine.open();
    run.engine.abort();
    expect(open).toBeGreaterThan(0);
    expect(run.engine.open()).toBe(0);
    expect(run.summary()).toBeDefined();
    expect(run.sessions.filter(({ outcome }) => outcome?.ok === false).length).toBe(open);
  });
});

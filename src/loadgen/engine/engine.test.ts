import { ALL } from "../plan/share.ts";
import { describe, expect, it } from "vitest";
import { keptClips } from "../../../test/support/kept-clips.ts";
import type { FakeServer } from "../../../test/support/fake-transport.ts";
import { fakeTransport } from "../../../test/support/fake-transport.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Failure } from "../../base/outcome.ts";
import type { Observation } from "../../metrics/observation/observation.ts";
import type { ReadyClip } from "../audio/audio-plan.ts";
import type { Engine, EngineOptions, EngineSummary } from "./engine.ts";
import { createEngine } from "./engine.ts";
import type { PlanInput } from "../plan/plan-input.ts";
import { makePlan } from "../plan/plan.ts";
import { createScheduler } from "./scheduler.ts";

const refused: Failure = {
  phase: "connect",
  class: "refused",
  origin: "network",
  code: "UNAVAILABLE",
  message: "",
};

function clip(id: string, audioMs: number): ReadyClip {
  const chunks = Array.from({ length: Math.ceil(audioMs / 100) }, () => new Uint8Array(3200));
  const facts = { id, audioMs, onsetMs: 50, speechEndMs: audioMs - 50, text: "all the words", words: [] };
  return { facts, sampleRateHz: 16_000, chunks, chunkMs: 100 };
}

const base: PlanInput = {
  streams: 3,
  rampInMs: 0,
  thinkMs: 0,
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

function setUp(
  input: Partial<PlanInput> = {},
  server: Partial<FakeServer> = {},
  more: Partial<EngineOptions> = {},
): Run {
  const clock = new VirtualClock(0);
  const scheduler = createScheduler(clock);
  const transport = fakeTransport(clock, { readyMs: 7, partialMs: 80, finalMs: 120, ...server });
  const sessions: Observation[] = [];
  let summary: EngineSummary | undefined;
  const engine = createEngine({
    plan: makePlan({ ...base, ...input }, 1),
    share: ALL,
    clips: keptClips([clip("short", 730), clip("long", 1500)]),
    transport,
    scheduler,
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
    ...more,
  });
  engine.start();
  return { clock, engine, sessions, transport, summary: () => summary };
}

describe("engine, closed model", () => {
  it("keeps every caller busy until the last session of the window has ended, then cuts the rest short", () => {
    const run = setUp();
    run.clock.advanceTo(20_000);
    expect(run.transport.maxOpen).toBe(3);
    expect(run.transport.cancelled).toBe(0);
    expect(run.transport.opened).toBe(run.sessions.length);
    const recorded = run.sessions.filter((session) => session.phase === "steady");
    expect(recorded.every((session) => session.scheduledMs >= 1000 && session.scheduledMs < 5000)).toBe(true);
    expect(recorded.every((session) => !session.cutShort)).toBe(true);
    const lastEnd = Math.max(...recorded.map((session) => session.endedMs!));
    expect(run.summary()).toEqual({ windowEndMs: 5000, lastRecordedEndMs: lastEnd, pausedSlotMs: 0 });
    // At the instant the last recorded session ended, the other two callers were still in (drain) sessions.
    const openThen = run.sessions.filter(
      (session) => session.startedMs! < lastEnd && session.endedMs! > lastEnd,
    );
    expect(openThen.map((session) => session.phase)).toEqual(["drain", "drain"]);
    expect(openThen.every((session) => session.cutShort)).toBe(true);
  });

  it("sends chunk k at anchor + (k + 1) chunks, on the caller's phase, whatever the set-up took", () => {
    const run = setUp();
    run.clock.advanceTo(20_000);
    for (const session of run.sessions.filter((one) => !one.cutShort)) {
      const phaseMs = (session.slot * 100) / 3;
      const anchor = session.anchorMs!;
      expect(anchor).toBeGreaterThanOrEqual(session.readyMs!);
      expect(anchor - session.readyMs!).toBeLessThan(100);
      const offPhase = (((anchor - phaseMs) % 100) + 100) % 100;
      expect(Math.min(offPhase, 100 - offPhase)).toBeLessThan(1e-6);
      const sent = Array.from(session.sentMs);
      const due = sent.map((_, k) => anchor + Math.min((k + 1) * 100, session.clip.audioMs));
      sent.forEach((ms, k) => expect(ms).toBeCloseTo(due[k]!, 6));
      expect(session.finishedMs).toBeCloseTo(anchor + session.clip.audioMs, 6);
    }
  });

  it("pace 2 sends twice as fast", () => {
    const run = setUp({ pace: 2, streams: 1 });
    run.clock.advanceTo(20_000);
    const session = run.sessions.find((one) => one.clip.id === "long" && !one.cutShort)!;
    expect(session.sentMs[3]! - session.sentMs[2]!).toBeCloseTo(50, 6);
    expect(session.finishedMs! - session.anchorMs!).toBeCloseTo(750, 6);
  });

  it("schedules a caller's next session at the end of the one before plus think time", () => {
    const run = setUp({ thinkMs: 250, streams: 1 });
    run.clock.advanceTo(20_000);
    for (let i = 1; i < run.sessions.length; i++) {
      expect(run.sessions[i]!.scheduledMs).toBeCloseTo(run.sessions[i - 1]!.endedMs! + 250, 6);
    }
  });

  it("or when the audio of the one before has been sent, where the load says so: more are open than callers", () => {
    const run = setUp({ streams: 1, iterations: 3, steadyMs: 20_000, next: "after-sending" });
    run.clock.advanceTo(30_000);
    expect(run.sessions).toHaveLength(3);
    for (let i = 1; i < 3; i++) {
      expect(run.sessions[i]!.scheduledMs).toBe(run.sessions[i - 1]!.finishedMs);
      expect(run.sessions[i - 1]!.endedMs! - run.sessions[i]!.scheduledMs).toBeCloseTo(120, 6);
    }
    expect(run.transport.maxOpen).toBe(2);
    expect(run.summary()?.lastRecordedEndMs).toBe(run.sessions[2]!.endedMs);
  });

  it("goes on after a session that ended before its audio was sent", () => {
    const fail = (): { afterMs: number; failure: Failure } => ({ afterMs: 300, failure: refused });
    const run = setUp({ streams: 1, iterations: 2, steadyMs: 20_000, next: "after-sending" }, { fail });
    run.clock.advanceTo(30_000);
    expect(run.sessions.map(({ scheduledMs }) => scheduledMs)).toEqual([0, 300]);
    expect(run.summary()).toBeDefined();
  });

  it("pauses a caller whose session failed before audio, and accounts for the pause", () => {
    const run = setUp({ streams: 1 }, { fail: () => ({ afterMs: 0, failure: refused }) });
    run.clock.advanceTo(20_000);
    expect(run.sessions.map((session) => session.scheduledMs)).toEqual([0, 1000, 2000, 3000, 4000]);
    expect(run.sessions.map((session) => session.outcome)).toEqual(
      Array(5).fill({ ok: false, failure: refused }),
    );
    expect(run.summary()).toEqual({ windowEndMs: 5000, lastRecordedEndMs: 4000, pausedSlotMs: 4000 });
  });

  it("does exactly the iterations asked for and records them all", () => {
    const run = setUp({ iterations: 3, warmupMs: 0, steadyMs: 20_000 });
    run.clock.advanceTo(60_000);
    expect(run.sessions.length).toBe(9);
    expect(run.sessions.every((session) => session.phase === "steady")).toBe(true);
    expect(run.summary()?.windowEndMs).toBe(Math.max(...run.sessions.map((session) => session.endedMs!)));
  });

  it("iterations end at the longest the window may last", () => {
    const run = setUp({ iterations: 1000, warmupMs: 0, streams: 1 });
    run.clock.advanceTo(60_000);
    expect(run.summary()?.windowEndMs).toBe(4000);
    expect(run.sessions.at(-1)!.scheduledMs).toBeLessThan(4000);
  });

  it("stop: starts nothing more, follows recorded sessions to their end, ends the window there", () => {
    const run = setUp();
    run.clock.advanceTo(2500);
    const opened = run.transport.opened;
    run.engine.stop();
    run.clock.advanceTo(20_000);
    expect(run.transport.opened).toBe(opened);
    expect(run.summary()?.windowEndMs).toBe(2500);
    expect(run.sessions.filter((session) => session.phase === "steady").every((one) => !one.cutShort)).toBe(
      true,
    );
    expect(run.sessions.length).toBe(opened);
  });

  it("extend: what starts before the new end is of the window, and the load does not thin out in between", () => {
    const run = setUp();
    run.clock.advanceTo(4500);
    run.engine.extend(9000);
    // Earlier than what was agreed: nothing to do.
    run.engine.extend(6000);
    run.clock.advanceTo(40_000);
    expect(run.summary()?.windowEndMs).toBe(9000);
    const recorded = run.sessions.filter((session) => session.phase === "steady");
    expect(Math.max(...recorded.map((session) => session.scheduledMs))).toBeGreaterThan(7000);
    expect(recorded.every(({ scheduledMs }) => scheduledMs >= 1000 && scheduledMs < 9000)).toBe(true);
    expect(recorded.every((session) => !session.cutShort)).toBe(true);
    expect(run.transport.cancelled).toBe(0);
    for (let atMs = 1000; atMs < 9000; atMs += 250) {
      const open = run.sessions.filter((one) => one.startedMs! <= atMs && one.endedMs! >= atMs);
      expect([atMs, open.length]).toEqual([atMs, 3]);
    }
  });

  it("extend: a session that was to start after the old end, and was waiting for it, is of the window", () => {
    const run = setUp({ thinkMs: 2000 });
    run.clock.advanceTo(4500);
    run.engine.extend(9000);
    run.clock.advanceTo(40_000);
    const inside = run.sessions.filter(({ scheduledMs }) => scheduledMs >= 1000 && scheduledMs < 9000);
    expect(inside.some(({ scheduledMs }) => scheduledMs > 5000 && scheduledMs < 7500)).toBe(true);
    expect(new Set(inside.map(({ phase }) => phase))).toEqual(new Set(["steady"]));
    expect(run.summary()?.windowEndMs).toBe(9000);
  });

  it("extend: one that comes after the old end says so, and the window is over again at the new one", () => {
    const over: number[] = [];
    const run = setUp({}, {}, { onWindowOver: (endMs) => over.push(endMs) });
    run.clock.advanceTo(4500);
    expect(run.engine.extend(6000)).toBe(0);
    run.clock.advanceTo(6500);
    expect(run.engine.extend(9000)).toBe(500);
    expect(run.engine.extend(8000)).toBe(0);
    run.clock.advanceTo(15_000);
    expect(over.at(-1)).toBe(9000);
    run.engine.release();
    run.clock.advanceTo(40_000);
    expect(run.summary()?.windowEndMs).toBe(9000);
  });

  it("extend: the drain counts from the new end", () => {
    const run = setUp({ warmupMs: 0 }, { finalMs: 1e9 });
    run.clock.advanceTo(3000);
    run.engine.extend(10_000);
    run.clock.advanceTo(40_000);
    expect(run.summary()?.lastRecordedEndMs).toBe(10_000 + 11_500);
  });

  it("abort: every open session ends at once as cancelled", () => {
    const run = setUp();
    run.clock.advanceTo(2500);
    run.engine.abort();
    expect(run.engine.open()).toBe(0);
    expect(run.summary()).toBeDefined();
    expect(run.sessions.filter((session) => session.outcome?.ok === false).length).toBe(3);
  });

  it("a server that never answers: what is open at the end of the drain is a deadline failure of the server", () => {
    const run = setUp({}, { finalMs: 1e9 });
    run.clock.advanceTo(30_000);
    // Nothing ends, so no session of the window ever starts: the warm-up sessions are cut at once after the window.
    expect(run.sessions.length).toBe(3);
    const late = setUp({ warmupMs: 0 }, { finalMs: 1e9 });
    late.clock.advanceTo(30_000);
    expect(late.sessions.map((one) => one.outcome?.ok === false && one.outcome.failure.class)).toEqual([
      "deadline",
      "deadline",
      "deadline",
    ]);
    expect(late.summary()?.lastRecordedEndMs).toBe(4000 + 11_500);
  });

  it("draws think times from the exponential distribution when asked to", () => {
    const run = setUp({ thinkMs: 250, thinkDistribution: "exponential", streams: 1, steadyMs: 600_000 });
    run.clock.advanceTo(700_000);
    const pauses = run.sessions.slice(1).map((session, i) => session.scheduledMs - run.sessions[i]!.endedMs!);
    const mean = pauses.reduce((sum, ms) => sum + ms, 0) / pauses.length;
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(0);
    // The standard deviation of an exponential is its mean.
    expect(Math.abs(mean - 250)).toBeLessThan((2.576 * 250) / Math.sqrt(pauses.length));
    expect(new Set(pauses.map((ms) => Math.round(ms))).size).toBeGreaterThan(100);
  });

  it("follows a changing number of callers: they come at their time, and leave when their session has ended", () => {
    const segments = [
      { fromMs: 0, toMs: 4000, from: 1, to: 1 },
      { fromMs: 4000, toMs: 6000, from: 1, to: 3 },
      { fromMs: 6000, toMs: 10_000, from: 3, to: 3 },
      { fromMs: 10_000, toMs: Infinity, from: 1, to: 1 },
    ];
    const stages = [
      { fromMs: 0, name: "few" },
      { fromMs: 4000, name: "many" },
      { fromMs: 10_000, name: "few-again" },
    ];
    const run = setUp({ segments, stages, steadyMs: 15_000 });
    run.clock.advanceTo(40_000);
    const openAt = (ms: number): number =>
      run.sessions.filter(({ startedMs, endedMs }) => startedMs! <= ms && ms < endedMs!).length;
    expect([3999, 4500, 5500, 9999, 12_000].map(openAt)).toEqual([1, 2, 3, 3, 1]);
    expect(run.sessions.find(({ slot }) => slot === 2)?.scheduledMs).toBe(5000);
    for (const { stage, scheduledMs } of run.sessions) {
      expect(stage).toBe(scheduledMs < 4000 ? "few" : scheduledMs < 10_000 ? "many" : "few-again");
    }
    expect(
      run.sessions.filter(({ scheduledMs }) => scheduledMs >= 10_000).every(({ slot }) => slot === 0),
    ).toBe(true);
    expect(run.sessions.filter(({ phase }) => phase === "steady").some(({ cutShort }) => cutShort)).toBe(
      false,
    );
    expect(run.summary()).toBeDefined();
  });

  it("a caller that left comes back with the level", () => {
    const segments = [
      { fromMs: 0, toMs: 3000, from: 2, to: 2 },
      { fromMs: 3000, toMs: 6000, from: 1, to: 1 },
      { fromMs: 6000, toMs: Infinity, from: 2, to: 2 },
    ];
    const run = setUp({ segments, streams: 2, steadyMs: 10_000 });
    run.clock.advanceTo(40_000);
    const starts = run.sessions.filter(({ slot }) => slot === 1).map(({ scheduledMs }) => scheduledMs);
    expect(starts.filter((ms) => ms >= 3000 && ms < 6000)).toEqual([]);
    expect(starts).toContain(6000);
  });

  it("without a pace sends each chunk when the one before it is taken, and no audio is ever due", () => {
    const run = setUp({ pace: Infinity, streams: 1, iterations: 2, warmupMs: 0, steadyMs: 60_000 });
    run.clock.advanceTo(60_000);
    expect(run.sessions.length).toBe(2);
    for (const session of run.sessions) {
      expect(session.pace).toBe(Infinity);
      expect(session.sentMs.length).toBe(session.chunks);
      expect(session.anchorMs).toBe(session.readyMs);
      expect(session.finishedMs! - session.anchorMs!).toBeLessThan(session.clip.audioMs / 10);
      expect(session.outcome?.ok).toBe(true);
    }
    expect(run.summary()?.windowEndMs).toBe(run.sessions.at(-1)!.endedMs);
  });

  it("goes on with unrecorded sessions until the window is over in every shard", () => {
    let overMs: number | undefined;
    const run = setUp({}, {}, { onWindowOver: () => (overMs = run.clock.nowMs()) });
    run.clock.advanceTo(9000);
    expect(overMs).toBeCloseTo(run.sessions.findLast((session) => session.phase === "steady")!.endedMs!, 6);
    expect(run.engine.open()).toBe(3);
    expect(run.summary()).toBeUndefined();
    run.engine.release();
    run.clock.advanceTo(9200);
    expect(run.summary()).toBeDefined();
    expect(run.transport.cancelled).toBe(0);
    expect(run.sessions.filter((session) => session.cutShort).length).toBe(3);
  });

  it("waits for the other shards no longer than the drain lasts", () => {
    const run = setUp({}, {}, { onWindowOver: () => undefined });
    run.clock.advanceTo(5000 + 11_500);
    expect(run.engine.open()).toBe(0);
    expect(run.summary()).toBeDefined();
  });

  it("tells of every session as it starts", () => {
    const started: number[] = [];
    const run = setUp({}, {}, { onStart: (start) => started.push(start.seq) });
    run.clock.advanceTo(20_000);
    expect(started.length).toBe(run.transport.opened);
    expect(started.toSorted((a, b) => a - b)).toEqual(
      run.sessions.map(({ seq }) => seq).sort((a, b) => a - b),
    );
  });

  it("numbers sessions alike whatever the number of shards", () => {
    const run = setUp();
    run.clock.advanceTo(20_000);
    const numbers = run.sessions.map((session) => session.seq);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(run.sessions.every((session) => session.seq % 3 === session.slot)).toBe(true);
  });
});

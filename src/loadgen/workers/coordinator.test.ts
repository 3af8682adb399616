import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { BenchError } from "../../base/errors.ts";
import { createRecorder } from "../../metrics/record/recorder.ts";
import type { Snapshot } from "../../metrics/record/snapshot.ts";
import { createTotals } from "../../metrics/record/totals.ts";
import type { RunEvent } from "../../metrics/result/run-event.ts";
import type { Coordinator, RunOutcome } from "./coordinator.ts";
import { createCoordinator } from "./coordinator.ts";
import type { Addressed, FromWorker, ToWorker, WorkerJob } from "./protocol.ts";

const RUN = "this-run";
const window = { startMs: 0, endMs: 10_000 };
const summary = { windowEndMs: 10_000, lastRecordedEndMs: 11_000, pausedSlotMs: 0 };

/** A worker that says what the test tells it to. */
interface Scripted {
  heard: Addressed<ToWorker>[];
  killed: boolean;
  say(message: FromWorker, runId?: string): void;
  die(): void;
}

interface Run {
  clock: VirtualClock;
  workers: Scripted[];
  coordinator: Coordinator;
  outcome: Promise<RunOutcome>;
  events: RunEvent[];
  snapshots: Snapshot[];
  starts: unknown[];
  allReady(): void;
  /** Time passes while the workers named say that they live. */
  pass(ms: number, alive: readonly number[]): void;
}

interface Planned {
  /** Part of the first worker, and how many parts there are. */
  part?: { index: number; of: number };
  /** From the beginning of the test to T0, by the wall clock, milliseconds. */
  startInMs?: number;
}

function setUp(count: number, { part = { index: 0, of: 1 }, startInMs }: Planned = {}): Run {
  const clock = new VirtualClock(5000);
  const workers: Scripted[] = [];
  const events: RunEvent[] = [];
  const snapshots: Snapshot[] = [];
  const starts: unknown[] = [];
  const jobs = Array.from(
    { length: count },
    (_, index) => ({ runId: RUN, worker: part.index + part.of * index + 1 }) as WorkerJob,
  );
  const coordinator = createCoordinator({
    jobs,
    launch() {
      let hear: (message: Addressed<FromWorker>) => void = () => undefined;
      let close: () => void = () => undefined;
      const worker: Scripted = {
        heard: [],
        killed: false,
        say: (message, runId = RUN) => hear({ ...message, runId }),
        die: () => close(),
      };
      workers.push(worker);
      return {
        channel: {
          send: (message) => worker.heard.push(message),
          onMessage: (handler) => (hear = handler),
          onClose: (handler) => (close = handler),
        },
        kill: () => (worker.killed = true),
      };
    },
    totals: createTotals({ window, slos: [] }),
    clock,
    onStart: (start) => starts.push(start),
    onProgress: () => undefined,
    onSnapshot: (snapshot) => snapshots.push(snapshot),
    onEvent: (event) => events.push(event),
    ...(startInMs === undefined ? {} : { startAtEpochMs: clock.wallMs() + startInMs }),
  });
  const outcome = coordinator.run();
  return {
    ...{ clock, workers, coordinator, outcome, events, snapshots, starts },
    allReady() {
      for (const worker of workers) worker.say({ type: "ready", planHash: "p", connections: 1, warmUpMs: 3 });
      clock.advanceTo(clock.nowMs() + 200);
    },
    pass(ms, alive) {
      const untilMs = clock.nowMs() + ms;
      while (clock.nowMs() < untilMs) {
        clock.advanceTo(Math.min(untilMs, clock.nowMs() + 1000));
        for (const index of alive) workers[index]?.say(health);
      }
    },
  };
}

const health: FromWorker = { type: "health", health: { atMs: 0, open: 1, cpuShare: 0, loopDelayMs: 0 } };
const types = (worker: Scripted | undefined): string[] => worker?.heard.map(({ type }) => type) ?? [];

describe("coordinator", () => {
  it("starts all workers at one instant, when the last of them is ready", () => {
    const run = setUp(2);
    run.workers[0]?.say({ type: "ready", planHash: "p", connections: 1, warmUpMs: 3 });
    expect(types(run.workers[0])).toEqual(["prepare"]);
    run.workers[1]?.say({ type: "ready", planHash: "p", connections: 1, warmUpMs: 3 });
    expect(run.workers.map((worker) => worker.heard.at(-1))).toEqual(
      Array(2).fill({ type: "start", atMachineMs: run.clock.machineMs() + 200, runId: RUN }),
    );
    expect(run.starts).toEqual([{ startedAtEpochMs: run.clock.epochMs() + 200, planHash: "p" }]);
  });

  it("starts at the wall time that it was given, also when the clock is set while it waits", () => {
    const run = setUp(1, { startInMs: 60_000 });
    const { clock, workers, starts } = run;
    const startedAtEpochMs = clock.wallMs() + 60_000;
    workers[0]?.say({ type: "ready", planHash: "p", connections: 1, warmUpMs: 3 });
    clock.advanceTo(clock.nowMs() + 10_000);
    expect(types(workers[0])).toEqual(["prepare"]);
    clock.stepWall(20_000);
    clock.advanceTo(clock.nowMs() + 27_900);
    expect(starts).toEqual([]);
    clock.advanceTo(clock.nowMs() + 100);
    expect(starts).toEqual([{ startedAtEpochMs, planHash: "p" }]);
    expect(workers[0]?.heard.at(-1)).toEqual({
      type: "start",
      atMachineMs: clock.nowMs() + 2000,
      runId: RUN,
    });
    // The first word of a worker comes a second after T0.
    clock.advanceTo(clock.nowMs() + 4900);
    expect(workers[0]?.killed).toBe(false);
    clock.advanceTo(clock.nowMs() + 1000);
    expect(workers[0]?.killed).toBe(true);
  });

  it.each([150, 50])("begins %i ms before the planned start", (leftMs) => {
    const run = setUp(1, { startInMs: 10_000 });
    const { clock, workers } = run;
    clock.advanceTo(clock.nowMs() + 10_000 - leftMs);
    workers[0]?.say({ type: "ready", planHash: "p", connections: 1, warmUpMs: 3 });
    expect(workers[0]?.heard.at(-1)).toEqual({
      type: "start",
      atMachineMs: clock.nowMs() + leftMs,
      runId: RUN,
    });
  });

  it("does not begin late: shards that began without it would measure another load", async () => {
    const run = setUp(1, { startInMs: 10_000 });
    run.clock.advanceTo(run.clock.nowMs() + 12_000);
    run.workers[0]?.say({ type: "ready", planHash: "p", connections: 1, warmUpMs: 3 });
    await expect(run.outcome).rejects.toThrow("the workers were ready 2.0 s too late for the planned start");
    expect(run.starts).toEqual([]);
  });

  it("names a lost worker by its place among all workers of the plan", async () => {
    const run = setUp(2, { part: { index: 2, of: 4 } });
    run.allReady();
    run.workers[1]?.die();
    run.workers[0]?.say({ type: "done", summary });
    const { lost } = await run.outcome;
    expect(lost.map(({ worker }) => worker)).toEqual([7]);
    expect(run.events.find(({ type }) => type === "worker-lost")?.message).toMatch(/^worker 7 /);
  });

  it("refuses to start workers that made different plans", async () => {
    const run = setUp(2);
    run.workers[0]?.say({ type: "ready", planHash: "p", connections: 1, warmUpMs: 3 });
    run.workers[1]?.say({ type: "ready", planHash: "q", connections: 1, warmUpMs: 3 });
    await expect(run.outcome).rejects.toThrow(/different plans/);
    expect(types(run.workers[0])).toEqual(["prepare"]);
  });

  it("lets the load go when the window is over in every worker, not before", async () => {
    const run = setUp(3);
    run.allReady();
    run.workers[0]?.say({ type: "window-over", windowEndMs: 10_000 });
    run.workers[2]?.say({ type: "window-over", windowEndMs: 10_000 });
    expect(types(run.workers[0])).not.toContain("settle");
    run.workers[1]?.say({ type: "window-over", windowEndMs: 10_000 });
    expect(run.workers.map((worker) => types(worker).at(-1))).toEqual(["settle", "settle", "settle"]);
    for (const worker of run.workers) worker.say({ type: "done", summary });
    const { lost, summaries } = await run.outcome;
    expect(lost).toEqual([]);
    expect(summaries).toEqual([summary, summary, summary]);
  });

  it("waits for a worker that came to its old end before it heard of the new one", async () => {
    const { allReady, clock, coordinator, outcome, workers } = setUp(2);
    allReady();
    clock.advanceTo(clock.nowMs() + 1000);
    coordinator.extend(15_000);
    for (const worker of workers) worker.say({ type: "window-over", windowEndMs: 10_000 });
    for (const worker of workers) expect(worker.heard.at(-1)?.type).toBe("extend");
    workers[0]!.die();
    workers[1]!.say({ type: "window-over", windowEndMs: 15_000 });
    expect(workers[1]!.heard.at(-1)?.type).toBe("settle");
    workers[1]!.say({ type: "done", summary: { ...summary, windowEndMs: 15_000 } });
    const { stalls, lost } = await outcome;
    expect([stalls, lost]).toMatchObject([[], [{ worker: 1, windowOver: false }]]);
  });

  it("a worker that never heard that the window goes on leaves a hole in it", async () => {
    const { allReady, clock, coordinator, outcome, workers } = setUp(1);
    allReady();
    clock.advanceTo(clock.nowMs() + 1000);
    coordinator.extend(15_000);
    workers[0]!.say({ type: "done", summary });
    expect((await outcome).stalls).toEqual([{ process: "worker 1", gapMs: 5000, atMs: 15_000 }]);
  });

  it("a worker can't make a run that did not begin look like one that passed", async () => {
    const { outcome, workers } = setUp(1);
    workers[0]!.say({ type: "failed", message: "all is well", exitCode: 0 });
    await expect(outcome).rejects.toMatchObject({ message: "all is well", exitCode: 1 });
  });

  it("does not wait for a lost worker's window", async () => {
    const run = setUp(2);
    run.allReady();
    run.workers[0]?.say({ type: "window-over", windowEndMs: 10_000 });
    run.pass(1500, [0, 1]);
    run.workers[1]?.die();
    expect(types(run.workers[0]).at(-1)).toBe("settle");
    run.workers[0]?.say({ type: "done", summary });
    const outcome = await run.outcome;
    expect(outcome.lost).toEqual([{ worker: 2, atMs: 1500, windowOver: false }]);
    expect(outcome.summaries).toEqual([summary, undefined]);
    expect(run.events.find(({ type }) => type === "worker-lost")?.lost).toEqual(outcome.lost[0]);
  });

  it("knows that a worker lost in the drain had its window behind it", async () => {
    const run = setUp(2);
    run.allReady();
    for (const worker of run.workers) worker.say({ type: "window-over", windowEndMs: 10_000 });
    run.workers[1]?.die();
    run.workers[0]?.say({ type: "done", summary });
    expect((await run.outcome).lost).toEqual([{ worker: 2, atMs: 0, windowOver: true }]);
  });

  it("takes only its health for a sign of life: of several processes one that hangs holds that back, and the others go on", async () => {
    const run = setUp(2);
    run.allReady();
    for (let second = 0; second < 4; second++) {
      run.pass(1000, [0]);
      run.workers[1]?.say({ type: "stall", gapMs: 120, atMs: 1 });
    }
    expect(run.workers.map(({ killed }) => killed)).toEqual([false, true]);
    run.workers[0]?.die();
    expect((await run.outcome).lost.map(({ worker }) => worker)).toEqual([2, 1]);
  });

  it("kills a worker after three silent seconds and hears nothing of it any more", async () => {
    const run = setUp(2);
    run.allReady();
    run.pass(3000, [0]);
    expect(run.workers[1]?.killed).toBe(false);
    run.pass(1000, [0]);
    expect(run.workers[1]?.killed).toBe(true);
    run.workers[1]?.say({ type: "snapshot", snapshot: emptySnapshot() });
    run.workers[1]?.say({ type: "done", summary });
    run.workers[0]?.say({ type: "done", summary });
    const outcome = await run.outcome;
    expect(run.snapshots).toEqual([]);
    expect(outcome.lost.map(({ worker }) => worker)).toEqual([2]);
    expect(outcome.summaries).toEqual([summary, undefined]);
  });

  it("does not blame the workers for its own standstill, and reports that", async () => {
    const run = setUp(2);
    run.allReady();
    run.pass(1000, [0, 1]);
    run.clock.stall(60_000);
    run.pass(2000, [0, 1]);
    for (const worker of run.workers) worker.say({ type: "done", summary });
    const outcome = await run.outcome;
    expect(outcome.lost).toEqual([]);
    expect(outcome.stalls.map(({ process, gapMs }) => [process, gapMs >= 60_000])).toEqual([
      ["coordinator", true],
    ]);
  });

  it("ignores what comes from another run", () => {
    const run = setUp(1);
    run.allReady();
    run.workers[0]?.say({ type: "snapshot", snapshot: emptySnapshot() }, "an-earlier-run");
    expect(run.snapshots).toEqual([]);
    run.workers[0]?.say({ type: "snapshot", snapshot: emptySnapshot() });
    expect(run.snapshots.length).toBe(1);
  });

  it("ends with what its caller could not bring about, until it has begun", async () => {
    const waiting = setUp(2);
    waiting.coordinator.fail(new BenchError("1 of 2 workers was not ready"));
    await expect(waiting.outcome).rejects.toThrow("1 of 2 workers was not ready");
    const begun = setUp(1);
    begun.allReady();
    begun.coordinator.fail(new BenchError("too late"));
    begun.workers[0]!.say({ type: "done", summary });
    expect((await begun.outcome).problems).toEqual([]);
  });

  it("stops the load for a problem of its caller, which the outcome names, also when it comes after the end", async () => {
    const { allReady, coordinator, outcome, workers } = setUp(2);
    allReady();
    coordinator.noteProblem({ message: "the disk is full" });
    expect(workers.map(({ heard }) => heard.at(-1)?.type)).toEqual(["stop", "stop"]);
    for (const worker of workers) worker.say({ type: "done", summary });
    const { problems } = await outcome;
    coordinator.noteProblem({ message: "and stays full" });
    expect(problems.map(({ message }) => message)).toEqual(["the disk is full", "and stays full"]);
  });

  it("fails when a worker ends before the run began", async () => {
    const run = setUp(2);
    run.workers[1]?.die();
    await expect(run.outcome).rejects.toThrow("worker 2 ended before the run began");
    expect(run.workers.every((worker) => worker.killed)).toBe(true);
  });
});

function emptySnapshot(): Snapshot {
  return createRecorder({ window, slos: [] }).snapshot(0, 1000);
}

/** A day of the coordinator on a virtual clock: what it keeps stays bounded, and what it counts is exact. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { CountingClock } from "../../../test/support/counting-clock.ts";
import { sketch } from "../../../test/support/timeline.ts";
import { createRecorder } from "../../metrics/record/recorder.ts";
import type { RunEvent } from "../../metrics/result/run-event.ts";
import { parseSlo } from "../../metrics/judge/slo.ts";
import { createTotals } from "../../metrics/record/totals.ts";
import { createCoordinator } from "../workers/coordinator.ts";
import type { FromWorker, WorkerJob } from "../workers/protocol.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WORKERS = 3;
/** Of each worker. */
const SESSION_EVERY_S = 5;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test("a day of three workers, one lost at noon: exact counts, bounded memory, no timer left", async () => {
  const clock = new CountingClock(5000);
  const window = { startMs: 0, endMs: DAY_MS };
  const slos = [parseSlo("final_from_close p95 < 800ms"), parseSlo("error_ratio < 1%")];
  const totals = createTotals({ window, slos });
  const events: RunEvent[] = [];
  const hear: ((message: FromWorker) => void)[] = [];
  const close: (() => void)[] = [];
  const coordinator = createCoordinator({
    jobs: Array.from({ length: WORKERS }, (_, index) => ({ runId: "r", worker: index + 1 }) as WorkerJob),
    launch: () => ({
      channel: {
        send: () => undefined,
        onMessage: (handler) => hear.push((message) => handler({ ...message, runId: "r" })),
        onClose: (handler) => close.push(handler),
      },
      kill: () => undefined,
    }),
    ...{ totals, clock },
    onStart: () => undefined,
    onProgress: () => undefined,
    onSnapshot: () => undefined,
    onEvent: (event) => events.push(event),
  });
  const outcome = coordinator.run();
  for (const say of hear) say({ type: "ready", planHash: "p", connections: 1, warmUpMs: 0 });
  clock.advanceTo(clock.nowMs() + 200);
  const startMs = clock.nowMs();
  const recorders = Array.from({ length: WORKERS }, () => createRecorder({ window, slos }));
  let recorded = 0;
  let failed = 0;
  let [earlyHeap, earlyTimers] = [0, 0];

  for (let second = 1; second <= DAY_MS / 1000; second++) {
    clock.advanceTo(startMs + second * 1000);
    if (second === 12 * 3600) close[0]?.();
    for (let worker = second >= 12 * 3600 ? 1 : 0; worker < WORKERS; worker++) {
      const recorder = recorders[worker]!;
      if (second % SESSION_EVERY_S === 0) {
        const atMs = (second - 3) * 1000;
        const fails = recorded % 200 === 7;
        recorder.record(
          sketch({
            ...{ seq: recorded++, startMs: atMs, endedMs: atMs + 1200, said: [[atMs + 1150, "one.", 1000]] },
            ...(fails ? { failure: {} } : {}),
          }),
        );
        if (fails) failed++;
      }
      const health = {
        atMs: second * 1000,
        open: 1,
        cpuShare: 0.1,
        loopDelayMs: second % 7,
        sessionsByAddress: { a: second },
      };
      hear[worker]?.({ type: "health", health });
      hear[worker]?.({
        type: "snapshot",
        snapshot: recorder.snapshot((second - 1) * 1000, second * 1000, health),
      });
    }
    if (second === 2 * 3600) [earlyHeap, earlyTimers] = [heapBytes(), clock.outstanding];
  }
  expect(clock.outstanding).toBeLessThanOrEqual(earlyTimers);
  // Points of the timeline and a number a second; no message, no record, no health of each worker each second.
  expect(heapBytes() - earlyHeap).toBeLessThan(25_000_000);

  for (const say of hear.slice(1)) {
    say({ type: "window-over", windowEndMs: Infinity });
    say({ type: "done", summary: { windowEndMs: DAY_MS, lastRecordedEndMs: DAY_MS, pausedSlotMs: 0 } });
  }
  const { lost, sessionsByAddress } = await outcome;
  expect(lost).toMatchObject([{ worker: 1, windowOver: false }]);
  expect(events.filter(({ type }) => type === "worker-lost")).toHaveLength(1);
  expect(clock.outstanding).toBe(0);
  expect(recorded).toBe((DAY_MS / 1000 / SESSION_EVERY_S) * 2 + (12 * 3600) / SESSION_EVERY_S - 1);
  expect(totals.counts("steady")).toMatchObject({
    scheduled: recorded,
    completed: recorded - failed,
    failed,
  });
  const perDay = DAY_MS / 1000;
  expect(sessionsByAddress).toEqual({ a: perDay * 2 + 12 * 3600 - 1 });
  const points = totals.timeline();
  expect(points.length).toBeLessThanOrEqual(3601);
  expect(points.reduce((sum, { ended }) => sum + ended.completed + ended.failed, 0)).toBe(recorded);
}, 120_000);

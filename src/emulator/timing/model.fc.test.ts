import fc from "fast-check";
import { expect, it } from "vitest";
import { perJobMs, ServiceQueue } from "./model.ts";
import { findProfile } from "./profiles.ts";

const profile = findProfile("nim", { capacity: 4 });

interface Arrival {
  arrivedMs: number;
  weight: number;
}

const arrivals = fc
  .array(
    fc.record({
      gapMs: fc.double({ min: 0, max: 100, noNaN: true }),
      weight: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    {
      maxLength: 60,
    },
  )
  .map((list) => {
    let arrivedMs = 0;
    return list.map(({ gapMs, weight }): Arrival => ({ arrivedMs: (arrivedMs += gapMs), weight }));
  });

/** When each job's batch is done, by number; `askMs` are moments at which the queue is looked at in between. */
function doneMs(
  jobs: readonly Arrival[],
  askMs: readonly number[] = [],
): { order: number[]; doneMs: number[] } {
  const queue = new ServiceQueue<number>(profile);
  const order: number[] = [];
  const done: number[] = [];
  const serve = (nowMs: number): void => {
    for (const { payload, leavesMs } of queue.serve(nowMs)) {
      order.push(payload);
      done[payload] = leavesMs - profile.pathMs;
    }
  };
  let lastMs = 0;
  for (const [number, { arrivedMs, weight }] of jobs.entries()) {
    for (const ms of askMs) if (ms > lastMs && ms < arrivedMs) serve(ms);
    lastMs = arrivedMs;
    serve(arrivedMs - 1e-9);
    queue.add({ arrivedMs, weight, final: false, payload: number });
  }
  serve(Infinity);
  return { order, doneMs: done };
}

it("serves every job once, in order of arrival", () => {
  fc.assert(
    fc.property(arrivals, (jobs) => {
      expect(doneMs(jobs).order).toEqual([...jobs.keys()]);
    }),
  );
});

it("is never done before the work is, and never idle while work waits", () => {
  fc.assert(
    fc.property(arrivals, (jobs) => {
      const { doneMs: done } = doneMs(jobs);
      const oneAtATimeMs = profile.batchMs + perJobMs(profile);
      let latestMs = 0;
      for (const [number, { arrivedMs, weight }] of jobs.entries()) {
        const alone = arrivedMs + profile.batchMs + perJobMs(profile) * weight;
        expect(done[number]).toBeGreaterThanOrEqual(alone - 1e-6);
        // Not even a server without batches would have been done later, but for the batch that was under way.
        latestMs = Math.max(latestMs, arrivedMs) + oneAtATimeMs;
        expect(done[number]).toBeLessThanOrEqual(latestMs + oneAtATimeMs + 1e-6);
      }
    }),
  );
});

it("gives the same times however often it is asked", () => {
  fc.assert(
    fc.property(arrivals, fc.array(fc.double({ min: 0, max: 3000, noNaN: true })), (jobs, askMs) => {
      expect(
        doneMs(
          jobs,
          askMs.toSorted((a, b) => a - b),
        ),
      ).toEqual(doneMs(jobs));
    }),
  );
});

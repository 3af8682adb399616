import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { InferenceMeter } from "./inference-meter.ts";
import { perJobMs } from "./model.ts";
import { findProfile } from "./profiles.ts";
import { exactPace, queuePace } from "./pace.ts";
import { Timetable } from "./timetable.ts";

const profile = findProfile("nim");

function jobAt(arrivedMs: number, fields: { model?: string; last?: boolean; call?: object } = {}) {
  return { arrivedMs, weight: 1, last: false, call: {}, model: "a", release: () => undefined, ...fields };
}

it("counts what the queue does: batches, waiting, computing and the rest", () => {
  const clock = new VirtualClock();
  const meter = new InferenceMeter(["a", "b"], 0);
  const pace = queuePace(profile, clock, new Timetable(clock, { exact: false }), meter);
  for (let i = 0; i < 3; i++) pace.submit(jobAt(0));
  expect(pace.waiting).toBe(2);
  pace.submit(jobAt(0, { model: "b", last: true }));
  clock.advanceTo(1000);
  expect(pace.waiting).toBe(0);

  // The first job is a batch of its own, the three others wait for it and go together.
  const batchMs = (jobs: number): number => profile.batchMs + jobs * perJobMs(profile);
  expect(meter.models["a"]).toMatchObject({ succeeded: 3, executions: 2 });
  expect(meter.models["a"]!.queueMs).toBeCloseTo(2 * batchMs(1), 9);
  expect(meter.models["a"]!.computeMs).toBeCloseTo(batchMs(1) + 2 * batchMs(3), 9);
  expect(meter.models["a"]!.outputMs).toBeCloseTo(3 * profile.pathMs, 9);
  expect(meter.models["b"]).toMatchObject({ succeeded: 1, executions: 1 });
  const { queueMs, computeMs, outputMs } = meter.models["b"]!;
  expect(queueMs + computeMs + outputMs).toBeCloseTo(
    profile.finalFactor * (batchMs(1) + batchMs(3) + profile.pathMs),
    9,
  );
  expect(meter.utilization(1000)).toBeCloseTo((batchMs(1) + batchMs(3)) / 1000, 9);
});

it("keeps the utilization of the last second until another has passed", () => {
  const meter = new InferenceMeter(["a"], 0);
  meter.batch(0, 500, []);
  expect(meter.utilization(999)).toBe(0);
  expect(meter.utilization(1000)).toBe(0.5);
  expect(meter.utilization(1500)).toBe(0.5);
  expect(meter.utilization(2000)).toBe(0);
});

it("counts work that nobody wants any more as cancelled", () => {
  const clock = new VirtualClock();
  const meter = new InferenceMeter(["a"], 0);
  const pace = queuePace(profile, clock, new Timetable(clock, { exact: false }), meter);
  const gone = {};
  pace.submit(jobAt(0));
  pace.submit(jobAt(0, { call: gone }));
  pace.submit(jobAt(0, { call: gone }));
  pace.drop(gone);
  clock.advanceTo(1000);
  expect(meter.failures).toEqual({ REJECTED: 0, CANCELED: 2, BACKEND: 0, OTHER: 0 });
  expect(meter.models["a"]).toMatchObject({ succeeded: 1 });
});

it("takes exact delays for computing", () => {
  const meter = new InferenceMeter(["a"], 0);
  const pace = exactPace({ partialMs: 80, finalMs: 120 }, meter);
  pace.submit(jobAt(10));
  pace.submit(jobAt(20, { last: true }));
  expect(meter.models["a"]).toEqual({
    succeeded: 2,
    executions: 2,
    queueMs: 0,
    computeMs: 200,
    outputMs: 0,
  });
});

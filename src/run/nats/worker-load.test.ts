import { expect, it } from "vitest";
import { Histogram } from "../../metrics/record/histogram.ts";
import type { Snapshot } from "../../metrics/record/snapshot.ts";
import { createWorkerLoadMeter } from "./worker-load.ts";

function snapshot(latenessMs: readonly number[], scheduled: number, phase = "steady"): Snapshot {
  const histogram = new Histogram(1000);
  for (const ms of latenessMs) histogram.record(ms);
  return {
    series: { [`${phase}|main|send_lateness`]: { histogram: histogram.toCounts(), sessions: 1 } },
    counts: { [`${phase}|main`]: { scheduled } },
  } as unknown as Snapshot;
}

const health = (cpuShare: number, loopDelayMs: number) =>
  ({ type: "health", health: { atMs: 0, open: 1, cpuShare, loopDelayMs } }) as const;

it("adds up what a worker says of its window, and keeps the worst of its seconds", () => {
  const meter = createWorkerLoadMeter();
  expect(meter.load()).toBeUndefined();
  meter.add(health(0.2, 3));
  expect(meter.load()).toEqual({ sessions: 0, cpuShareMax: 0.2, loopDelayMaxMs: 3 });
  meter.add({ type: "snapshot", snapshot: snapshot([500], 9, "warmup") });
  meter.add({
    type: "snapshot",
    snapshot: snapshot(
      Array.from({ length: 99 }, () => 1),
      4,
    ),
  });
  meter.add({ type: "snapshot", snapshot: snapshot([8, 8], 2) });
  meter.add(health(0.7, 1));
  const { latenessP99Ms, ...rest } = meter.load()!;
  expect(rest).toEqual({ sessions: 6, cpuShareMax: 0.7, loopDelayMaxMs: 3 });
  expect(latenessP99Ms).toBeCloseTo(8, 1);
});

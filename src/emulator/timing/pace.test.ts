import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { BenchError } from "../../base/errors.ts";
import { InferenceMeter } from "./inference-meter.ts";
import { perJobMs } from "./model.ts";
import { findProfile } from "./profiles.ts";
import { exactPace, parseDelays, queuePace } from "./pace.ts";
import { Timetable } from "./timetable.ts";

const nothing = { weight: 1, last: false, call: {}, model: "online" };
const newMeter = (): InferenceMeter => new InferenceMeter(["online"], 0);

describe("queuePace", () => {
  it("serves what waits even if nothing else ever comes", () => {
    const profile = findProfile("nim");
    const clock = new VirtualClock();
    const pace = queuePace(profile, clock, new Timetable(clock, { exact: false }), newMeter());
    const leavesMs: number[] = [];
    for (let i = 0; i < 40; i++)
      pace.submit({ ...nothing, arrivedMs: 0, release: (ms) => leavesMs.push(ms) });
    clock.advanceTo(1000);
    // The first found the server free, 32 went with the next batch, 7 with the one after.
    const batch = (jobs: number): number => profile.batchMs + jobs * perJobMs(profile);
    expect(leavesMs).toHaveLength(40);
    expect(leavesMs[0]).toBeCloseTo(batch(1) + profile.pathMs, 9);
    expect(leavesMs[32]).toBeCloseTo(batch(1) + batch(32) + profile.pathMs, 9);
    expect(leavesMs[39]).toBeCloseTo(batch(1) + batch(32) + batch(7) + profile.pathMs, 9);
  });

  it("does not serve a call that has gone", () => {
    const clock = new VirtualClock();
    const pace = queuePace(findProfile("nim"), clock, new Timetable(clock, { exact: false }), newMeter());
    const gone = {};
    pace.submit({ ...nothing, arrivedMs: 0, release: () => undefined });
    pace.submit({ ...nothing, arrivedMs: 0, call: gone, release: () => expect.unreachable() });
    pace.drop(gone);
    clock.advanceTo(1000);
  });
});

describe("exactPace", () => {
  it("delays the last final by the one and all else by the other", () => {
    const pace = exactPace({ partialMs: 80, finalMs: 120 }, newMeter());
    const leavesMs: number[] = [];
    const release = (ms: number): void => void leavesMs.push(ms);
    pace.submit({ ...nothing, arrivedMs: 1000, release });
    pace.submit({ ...nothing, arrivedMs: 1100, release });
    pace.submit({ ...nothing, arrivedMs: 1200, last: true, release });
    expect(leavesMs).toEqual([1080, 1180, 1320]);
  });
});

describe("parseDelays", () => {
  it.each([
    ["partial=80,final=120", 80, 120],
    ["final=0.5ms, partial=0", 0, 0.5],
  ])("%s", (text, partialMs, finalMs) => {
    expect(parseDelays(text)).toEqual({ partialMs, finalMs });
  });

  it.each([
    "",
    "80",
    "partial=80",
    "partial=80,partial=90",
    "partial=80,final=-1",
    "partial=80,final=120,x=1",
  ])("refuses %j", (text) => {
    expect(() => parseDelays(text)).toThrow(BenchError);
  });
});

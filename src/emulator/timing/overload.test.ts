import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { InferenceMeter } from "./inference-meter.ts";
import { findProfile } from "./profiles.ts";
import { checkOverload, overloadPace } from "./overload.ts";

const profile = {
  ...findProfile("nim"),
  batchMs: 1,
  pathMs: 9,
  capacity: 160,
  chunkMs: 160,
  maxBatch: 1000,
  finalFactor: 2,
};
/** What a reply takes without a queue: batch 1 + job 0.999 + path 9. */
const OWN_MS = 10.999;

function setUp(percent: number) {
  const clock = new VirtualClock(0);
  const meter = new InferenceMeter(["online"], 0);
  const pace = overloadPace(profile, percent, clock, meter);
  /** Delay of a reply that wants to leave at `atMs`. */
  const delay = (atMs: number, call: object, last = false): number => {
    let leaves = NaN;
    clock.advanceTo(atMs);
    pace.submit({
      arrivedMs: atMs,
      weight: 1,
      last,
      call,
      model: "online",
      release: (leavesMs) => (leaves = leavesMs),
    });
    return leaves - atMs;
  };
  return { clock, meter, pace, delay };
}

describe("a planted overload", () => {
  it("tells how far it is behind", () => {
    const { pace, delay, clock } = setUp(2);
    delay(0, {});
    clock.advanceTo(10_000);
    expect(pace.behindMs).toBeCloseTo(200, 6);
  });

  it("lets the delay of every stream grow by its share of the time, whoever comes and goes", () => {
    const { delay } = setUp(2);
    const [a, b] = [{}, {}];
    expect(delay(0, a)).toBeCloseTo(OWN_MS, 6);
    expect(delay(10_000, a)).toBeCloseTo(OWN_MS + 200, 6);
    expect(delay(20_000, b)).toBeCloseTo(OWN_MS + 400, 6);
    expect(delay(30_000, a, true)).toBeCloseTo(2 * OWN_MS + 600, 6);
    expect(delay(60_000, b)).toBeCloseTo(OWN_MS + 1200, 6);
  });

  it("catches up while nobody sends", () => {
    const { clock, pace, delay } = setUp(10);
    const call = {};
    delay(0, call);
    expect(delay(10_000, call, true)).toBeCloseTo(2 * OWN_MS + 1000, 6);
    expect(delay(10_400, {})).toBeCloseTo(OWN_MS + 600, 6);
    const gone = {};
    const other = setUp(10);
    other.delay(0, gone);
    other.clock.advanceTo(1000);
    other.pace.drop(gone);
    expect(other.delay(1050, call)).toBeCloseTo(OWN_MS + 50, 6);
    clock.advanceTo(20_000);
    pace.drop(call);
    expect(delay(20_000, call)).toBeGreaterThan(OWN_MS);
  });

  it("counts what waits, and how long it did", () => {
    const { meter, pace, delay } = setUp(2);
    const [a, b] = [{}, {}];
    delay(0, a);
    delay(0, b);
    delay(8000, a);
    // 160 ms of queue, one chunk of each of the two.
    expect(pace.waiting).toBe(2);
    expect(meter.models["online"]).toMatchObject({ succeeded: 3, executions: 3 });
    expect(meter.models["online"]!.queueMs).toBeCloseTo(160, 6);
  });

  it("is a number of percent above 0", () => {
    expect(checkOverload(2)).toBe(2);
    for (const percent of [0, -1, NaN]) expect(() => checkOverload(percent)).toThrow("--overload");
  });
});

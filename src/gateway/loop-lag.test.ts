import { expect, test } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { watchLoopLag } from "./loop-lag.ts";

test("a delay is seen for half a minute, however often it is asked for", () => {
  const clock = new VirtualClock();
  const histogram = { max: 0, reset: () => (histogram.max = 0) };
  const lag = watchLoopLag(clock, histogram);
  histogram.max = 320e6;
  expect([lag.maxMs(), lag.maxMs()]).toEqual([300, 300]);
  const seen = [4999, 5001, 15_000, 29_000, 31_000].map((atMs) => {
    clock.advanceTo(atMs);
    return [lag.maxMs(), lag.maxMs()];
  });
  expect(seen).toEqual([...Array.from({ length: 4 }, () => [300, 300]), [0, 0]]);
});

test("Node's own tick is no delay", () => {
  expect(watchLoopLag(new VirtualClock(), { max: 20e6, reset: () => undefined }).maxMs()).toBe(0);
});

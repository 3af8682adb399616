import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { watchStalls } from "./stall-watch.ts";

it("reports a stall once, with its length and end, and nothing else", () => {
  const clock = new VirtualClock(0);
  const gaps: [number, number][] = [];
  const end = watchStalls(clock, 100, (gapMs, atMs) => gaps.push([gapMs, atMs]));
  clock.advanceTo(200);
  clock.stall(1000);
  clock.advanceTo(2000);
  expect(gaps).toEqual([[1000, 1200]]);
  end();
  clock.stall(1000);
  clock.advanceTo(4000);
  expect(gaps.length).toBe(1);
});

import { expect, test } from "vitest";
import { VirtualClock } from "../base/clock.ts";
import { createIntake } from "./intake.ts";

test("messages above the rate are read more slowly; a burst beyond all slack is refused", () => {
  const clock = new VirtualClock();
  const reading: boolean[] = [];
  const intake = createIntake((is) => reading.push(is), clock, 100);
  const take = (count: number): boolean[] => Array.from({ length: count }, () => intake.count());
  expect(take(100).every(Boolean)).toBe(true);
  expect(reading).toEqual([]);
  expect(take(10).every(Boolean)).toBe(true);
  expect(reading).toEqual([false]);
  // The first of those ten was missing 1 of 100 messages a second.
  clock.advanceTo(clock.nowMs() + 10);
  expect(reading).toEqual([false, true]);
  expect(take(92)).toEqual([...Array.from({ length: 91 }, () => true), false]);
});

test("a caller that is paused for want of room stays paused", () => {
  const clock = new VirtualClock();
  let reading = true;
  const intake = createIntake((is) => (reading = is), clock, 10);
  intake.setWanted(false);
  for (let i = 0; i < 11; i++) intake.count();
  clock.advanceTo(clock.nowMs() + 1000);
  expect(reading).toBe(false);
  intake.setWanted(true);
  expect(reading).toBe(true);
});

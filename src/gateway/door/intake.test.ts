import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { createIntake } from "./intake.ts";

const roomy = { bytesPerSecond: 1e9, bulk: (): number => 0 };

test("messages above the rate are read more slowly; a burst beyond all slack is refused", () => {
  const clock = new VirtualClock();
  const reading: boolean[] = [];
  const intake = createIntake((is) => reading.push(is), clock, { messagesPerSecond: 100, ...roomy });
  const take = (count: number): boolean[] => Array.from({ length: count }, () => intake.count(1));
  expect(take(100).every(Boolean)).toBe(true);
  expect(reading).toEqual([]);
  expect(take(10).every(Boolean)).toBe(true);
  expect(reading).toEqual([false]);
  // The last of those ten was missing 10 of 100 messages a second.
  clock.advanceTo(clock.nowMs() + 99);
  expect(reading).toEqual([false]);
  clock.advanceTo(clock.nowMs() + 1);
  expect(reading).toEqual([false, true]);
  expect(take(101)).toEqual([...Array.from({ length: 100 }, () => true), false]);
});

test("what a session may always send never waits for others; what is beyond does, as long as it is told", () => {
  const clock = new VirtualClock();
  const reading: boolean[] = [];
  const asked: number[] = [];
  const intake = createIntake((is) => reading.push(is), clock, {
    messagesPerSecond: 500,
    bytesPerSecond: 10_000,
    bulk: (bytes) => asked.push(bytes) * 20,
  });
  // Each message counts for a thousand bytes beside its own.
  for (let i = 0; i < 2; i++) intake.count(4000);
  expect([asked, reading]).toEqual([[], []]);
  intake.count(2000);
  intake.count(500);
  expect([asked, reading]).toEqual([[3000, 1500], [false]]);
  clock.advanceTo(39);
  expect(reading).toEqual([false]);
  clock.advanceTo(40);
  expect(reading).toEqual([false, true]);
});

test("a caller that is paused for want of room stays paused", () => {
  const clock = new VirtualClock();
  let reading = true;
  const intake = createIntake((is) => (reading = is), clock, { messagesPerSecond: 10, ...roomy });
  intake.setWanted(false);
  for (let i = 0; i < 11; i++) intake.count(1);
  clock.advanceTo(clock.nowMs() + 1000);
  expect(reading).toBe(false);
  intake.setWanted(true);
  expect(reading).toBe(true);
});

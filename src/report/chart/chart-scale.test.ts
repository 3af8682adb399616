import { expect, test } from "vitest";
import { axisTicks, timeUnit } from "./chart-scale.ts";

test.each([
  { low: 0, high: 100, ticks: [0, 20, 40, 60, 80, 100] },
  { low: 0, high: 101, ticks: [0, 50, 100, 150] },
  { low: 0, high: 0.3, ticks: [0, 0.1, 0.2, 0.3] },
  { low: -30, high: 170, ticks: [-50, 0, 50, 100, 150, 200] },
  { low: 0, high: 12_345, ticks: [0, 5000, 10_000, 15_000] },
  { low: 0, high: 0, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
])("ticks from $low to $high are round and few", ({ low, high, ticks }) => {
  expect(axisTicks(low, high, 5)).toEqual(ticks);
});

test("counts have no ticks between whole numbers", () => {
  expect(axisTicks(0, 0, 5, 1)).toEqual([0, 1]);
  expect(axisTicks(0, 2.1, 5, 1)).toEqual([0, 1, 2, 3]);
});

test("time is told in seconds, minutes or hours", () => {
  expect([60_000, 600_000, 4 * 3_600_000].map((ms) => timeUnit(ms).name)).toEqual(["s", "min", "h"]);
});

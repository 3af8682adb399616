import { expect, test } from "vitest";
import { formatDuration, parseDurationMs } from "./duration.ts";

test.each([
  [20, 20_000],
  ["20", 20_000],
  ["20s", 20_000],
  ["2m", 120_000],
  ["500ms", 500],
  ["1h", 3_600_000],
  ["1.5s", 1500],
  [".5s", 500],
  [" 10 s ", 10_000],
  [0, 0],
])("%j is %d ms", (text, expected) => {
  expect(parseDurationMs(text)).toBe(expected);
});

test.each(["", "s", "-1s", "1 day", "1e3", "1s2", "NaN", "1,5s", -3, NaN, Infinity])(
  "%j is no duration",
  (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  },
);

test.each([0, 20, 500, 999.5, 1000, 1500, 60_000, 90_000, 3_600_000, 604_800_000])(
  "%d ms reads back",
  (ms) => {
    expect(parseDurationMs(formatDuration(ms))).toBeCloseTo(ms, 9);
  },
);

test("the shortest unit that fits is used", () => {
  expect([0, 100, 1000, 90_000, 120_000].map(formatDuration)).toEqual(["0ms", "100ms", "1s", "90s", "2m"]);
});

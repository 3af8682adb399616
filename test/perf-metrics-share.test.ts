import { expect, test } from "vitest";
import { metricsShare, renderMetricsShare } from "../perf/metrics-share.ts";

/** Turns off, on, on, off of a machine that gets slower all the time, with metrics that take 4 us. */
const SLICES = Array.from({ length: 28 }, (_, n) => {
  const on = n % 4 === 1 || n % 4 === 2;
  return { on, cpuUsPerStreamSecond: 100 + n + (on ? 4 : 0) };
});

test("metrics on are compared with the turn without them next to it, so that drift cancels out", () => {
  const share = metricsShare(SLICES);
  // Seven pairs see the drift of a turn against metrics and seven see it for them.
  expect(share).toMatchObject({ turns: 14, off: 113.5, added: 4 });
  expect(share.addedFrom).toBeCloseTo(4 - 0.599, 3);
  expect(share.addedTo).toBeCloseTo(4 + 0.599, 3);
  expect(renderMetricsShare({ transport: "riva-h2", streams: 400, ...share })).toBe(
    "riva-h2 at 400 streams, metrics off 114 us/stream-s; on +3.5 % (95 % confidence: +3.0 % to +4.1 %; 14 turns of a second each way)\n",
  );
});

test("two turns of one kind are no pair", () => {
  expect(() => metricsShare([...SLICES.slice(1, 3)])).toThrow("one with metrics and one without");
});

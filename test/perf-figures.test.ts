import { expect, test } from "vitest";
import type { Row } from "../perf/measure.ts";
import { isHonest, latenesses, medianRow, stampErrors } from "../perf/measure.ts";
import { largestHonest, renderReport } from "../perf/report.ts";
import { chunksOfStream, makePlan } from "../perf/workload.ts";

const plan = makePlan(1, 2, 1000, { rampMs: 200, settleMs: 100, windowMs: 400 });

function row(changes: Partial<Row>): Row {
  return {
    transport: "ours",
    streams: 100,
    latenessP99Ms: 2,
    wireLatenessP99Ms: 4,
    stampErrorP50Ms: 0,
    stampErrorP99Ms: 0,
    cpuUsPerStreamSecond: 200,
    rssKbPerStream: 50,
    serverCpu: 0.1,
    foreignCpu: 0,
    completed: changes.streams ?? 100,
    valid: true,
    ...changes,
  };
}

test("lateness is that of the chunks due in the window, and a chunk that never came is infinitely late", () => {
  // The window is 1300 to 1700; chunks are due at 1150, 1250, then 1350 to 1650, then 1750.
  const anchorMs = 1050;
  const sentMs = Float64Array.of(9999, 9999, 1351, 1450.5, 1550, 1657, 9999);
  expect([...latenesses([{ anchorMs, sentMs }], plan)]).toEqual([1, 0.5, 0, 7]);
  expect([...latenesses([{ anchorMs, sentMs: sentMs.subarray(0, 5) }], plan)]).toEqual([1, 0.5, 0, Infinity]);
  expect([...latenesses([{ anchorMs, sentMs: undefined }], plan)]).toEqual(Array(4).fill(Infinity));
});

test("stamp errors pair responses in order, within the window; one that was not heard is infinitely late", () => {
  const { windowStartMs, windowEndMs } = plan;
  const left = [windowStartMs - 1, windowStartMs, windowEndMs - 1, windowEndMs];
  const answers = new Map([["a", left]]);
  const heardMs = left.map((atMs) => atMs + 0.5);
  expect([...stampErrors([{ id: "a", heardMs }], answers, plan)]).toEqual([0.5, 0.5]);
  expect([...stampErrors([{ id: "a", heardMs: heardMs.slice(0, 2) }], answers, plan)]).toEqual([
    0.5,
    Infinity,
  ]);
  expect([...stampErrors([{ id: "b", heardMs }], answers, plan)]).toEqual([]);
});

test("a stream's chunks last to the end of the window", () => {
  expect(plan).toMatchObject({ windowStartMs: 1300, windowEndMs: 1700 });
  expect([chunksOfStream(plan, 0), chunksOfStream(plan, 1)]).toEqual([7, 6]);
});

test("honest means in time at both ends, complete, and against an idle server", () => {
  expect(isHonest(row({}))).toBe(true);
  expect(isHonest(row({ latenessP99Ms: 10 }))).toBe(false);
  expect(isHonest(row({ wireLatenessP99Ms: 10 }))).toBe(false);
  expect(isHonest(row({ completed: 99 }))).toBe(false);
  expect(isHonest(row({ valid: false }))).toBe(false);
  expect(isHonest(row({ latenessP99Ms: NaN }))).toBe(false);
});

test("the largest honest number is counted up from the smallest, without gaps", () => {
  const late = { wireLatenessP99Ms: 30 };
  expect(largestHonest([row({ streams: 50 }), row({ streams: 200, ...late }), row({ streams: 500 })])).toBe(
    50,
  );
  expect(largestHonest([row({ streams: 50, ...late })])).toBe(0);
});

test("repeats merge to medians; one failed stream or busy server in any of them counts", () => {
  const merged = medianRow([
    row({ latenessP99Ms: 9, cpuUsPerStreamSecond: 100 }),
    row({ latenessP99Ms: 1, cpuUsPerStreamSecond: 300, completed: 98 }),
    row({ latenessP99Ms: 3, cpuUsPerStreamSecond: 200, valid: false }),
  ]);
  expect(merged).toMatchObject({ latenessP99Ms: 3, cpuUsPerStreamSecond: 200, completed: 98, valid: false });
});

test("the report states ratios of the baseline and why a row can't be used", () => {
  const text = renderReport(
    [row({ completed: 97 }), row({ transport: "naive", cpuUsPerStreamSecond: 300, valid: false })],
    "naive",
  );
  expect(text).toContain("naive : ours at 100 streams: CPU 1.50x, wire p99 1.00x, RSS 1.00x");
  expect(text).toContain("3 streams failed");
  expect(text).toContain("invalid: the null server was too busy");
  expect(text).toContain("ours: 0 honest streams on one core");
});

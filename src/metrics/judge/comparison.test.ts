import { expect, test } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import { compareRuns } from "./comparison.ts";
import type { Comparison } from "./comparison.ts";
import { DEFAULT_MARGINS, figureNamed } from "./figure.ts";
import { Histogram } from "../record/histogram.ts";
import type { RunResult } from "../result/result.ts";

const FINAL = figureNamed("final_from_speech_end p95");
const PARTIAL = figureNamed("first_partial_from_onset p95");
const ERRORS = figureNamed("error_ratio");

function run(id: string, finalMs: number, partialMs = 300, errors = 0): RunResult {
  const latency = (ms: number) => {
    const histogram = new Histogram(1000);
    for (let i = 0; i < 50; i++) histogram.record(ms);
    return { unit: "ms" as const, count: 50, p95: ms, histogram: histogram.encode() };
  };
  return {
    ...PASSED,
    run: { ...PASSED.run, id },
    metrics: {
      final_from_speech_end: latency(finalMs),
      first_partial_from_onset: latency(partialMs),
      error_ratio: { unit: "ratio", count: 50, value: errors },
    },
  };
}

/** Pairs whose machine is in another mood each: both sides 0 to 140 ms slower. */
function compared(
  pairs: number,
  shiftMs: number,
  options: { jitterMs?: number; partialMs?: number; errors?: number } = {},
): Comparison {
  const { jitterMs = 4, partialMs = 300, errors = 0 } = options;
  const moods = Array.from({ length: pairs }, (_, pair) => 400 + ((pair * 37) % 8) * 20);
  const baseline = moods.map((ms, pair) => run(`a${pair}`, ms));
  const candidate = moods.map((ms, pair) =>
    run(`b${pair}`, ms + shiftMs + ((pair % 3) - 1) * jitterMs, partialMs, errors),
  );
  return compareRuns({ baseline, candidate, paired: true }, [FINAL, PARTIAL, ERRORS], [], DEFAULT_MARGINS);
}

test("what the machine does to both sides of a pair cancels out", () => {
  const { rows, verdict } = compared(8, 100);
  expect(verdict).toBe("worse");
  expect(rows[0]).toMatchObject({ verdict: "worse", method: "sign-flip", gating: true });
  expect(rows[0]?.difference).toBeCloseTo(100, -1);
  expect(rows[0]?.interval?.[0]).toBeGreaterThan(90);
  expect(rows[0]?.baseline).toBeCloseTo(540, -1);
  expect(rows[1]).toMatchObject({ verdict: "equivalent", difference: 0 });
});

test("lower latencies are better, more errors are worse, both at once are mixed", () => {
  expect(compared(8, -100).verdict).toBe("better");
  expect(compared(8, 0, { errors: 0.2 }).verdict).toBe("worse");
  expect(compared(8, -100, { errors: 0.2 }).verdict).toBe("mixed");
});

test("the same server twice is equivalent, and in doubt when the runs scatter", () => {
  expect(compared(8, 0).verdict).toBe("equivalent");
  const { verdict, rows } = compared(8, 0, { jitterMs: 60 });
  expect(verdict).toBe("inconclusive");
  expect(rows[0]?.advice).toMatch(/about \d+ pairs would likely decide it/);
  expect(rows[0]?.pairsNeeded).toBeGreaterThan(8);
});

test("seven pairs judge the primary figure alone", () => {
  const { rows, verdict } = compared(7, 100, { errors: 0.2 });
  expect(rows.map((row) => row.verdict)).toEqual(["worse", "inconclusive", "inconclusive"]);
  expect(rows[2]).toMatchObject({ pairsNeeded: 8, advice: expect.stringContaining("8 pairs") as string });
  expect(verdict).toBe("worse");
});

test("five pairs decide nothing, none is void", () => {
  expect(compared(5, 300).verdict).toBe("inconclusive");
  expect(compared(5, 300).rows[0]?.interval).toBeUndefined();
  expect(compared(0, 300).verdict).toBe("void");
});

test("above twelve pairs it is t", () => {
  expect(compared(14, 100).rows[0]).toMatchObject({ verdict: "worse", method: "t" });
});

test("stored runs without an order are compared as two sets", () => {
  const side = (name: string, ms: number) => [0, 1, 2, 3].map((i) => run(`${name}${i}`, ms + i));
  const sets = { baseline: side("a", 400), candidate: side("b", 500), paired: false };
  const { rows, design, verdict } = compareRuns(sets, [FINAL], [PARTIAL], DEFAULT_MARGINS);
  expect([design, verdict, rows[0]?.method]).toEqual(["stored runs", "worse", "t"]);
  expect(rows[1]).toMatchObject({ gating: false, difference: 0 });
  expect(rows[1]?.verdict).toBeUndefined();
});

test("one run a side is measured and not judged, what one side lacks is not measured", () => {
  const sets = { baseline: [run("a", 400)], candidate: [run("b", 500)], paired: false };
  const { rows } = compareRuns(sets, [FINAL, figureNamed("rtfx")], [], DEFAULT_MARGINS);
  expect(rows.map(({ verdict, advice }) => [verdict, advice])).toEqual([
    ["inconclusive", "at least 6 pairs, or 2 runs a side, are needed"],
    ["inconclusive", "not measured on both sides"],
  ]);
});

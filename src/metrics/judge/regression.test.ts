import { describe, expect, test } from "vitest";
import { PASSED, VOIDED } from "../../../test/support/sample-result.ts";
import { DEFAULT_MARGINS, figureIn, figureNamed, figuresOf } from "./figure.ts";
import { Histogram } from "../record/histogram.ts";
import { judgeRegression, whyNotComparable } from "./regression.ts";
import type { RunResult } from "../result/result.ts";

const FINAL_P95 = figureNamed("final_from_speech_end p95");

/** A run whose final p95 is `ms`. */
function run(ms: number, id = `run-${ms}`): RunResult {
  const histogram = new Histogram(1000);
  for (let i = 0; i < 200; i++) histogram.record(ms);
  const final = PASSED.metrics["final_from_speech_end"];
  return {
    ...PASSED,
    run: { ...PASSED.run, id },
    metrics: {
      ...PASSED.metrics,
      ...(final === undefined
        ? {}
        : { final_from_speech_end: { ...final, histogram: histogram.encode(), p95: ms } }),
    },
  };
}

const BASELINE = [400, 404, 396, 402, 398].map((ms) => run(ms));

function verdict(...candidate: number[]): object | undefined {
  const runs = candidate.map((ms) => run(ms, `new-${ms}`));
  return judgeRegression(BASELINE, runs, [FINAL_P95], DEFAULT_MARGINS).rows[0];
}

test("a figure is read from the histogram, in the metric's unit", () => {
  expect(figureIn(run(400), FINAL_P95)).toBeCloseTo(400, 0);
  expect(figureIn(PASSED, figureNamed("goodput"))).toBe(0.986);
  expect(figureIn(PASSED, figureNamed("rtf p50"))).toBeUndefined();
});

test("the figures of a scenario are those of its SLOs, once each", () => {
  const slos = [
    "final_from_speech_end p95 < 1200ms",
    "final_from_speech_end p95 < 900ms",
    "error_ratio < 1%",
  ];
  expect(figuresOf(slos).map(({ name }) => name)).toEqual(["final_from_speech_end p95", "error_ratio"]);
  expect(() => figureNamed("concurrency")).toThrow("neither better high nor low");
});

describe("a new run against five (margin 5 % = 20 ms)", () => {
  test("within their spread it passes", () => {
    expect(verdict(403)).toMatchObject({ verdict: "pass" });
  });
  test("faster passes too", () => {
    expect(verdict(300)).toMatchObject({ verdict: "pass" });
  });
  test("30 % slower is worse, with an interval around the difference", () => {
    expect(verdict(520)).toMatchObject({ verdict: "fail", difference: expect.closeTo(120, -1) as number });
  });
  test("in between it is in doubt and says what would help", () => {
    const three = [395, 400, 405].map((ms) => run(ms));
    const [found] = judgeRegression(three, [run(405, "new")], [FINAL_P95], DEFAULT_MARGINS).rows;
    expect(found).toMatchObject({
      verdict: "inconclusive",
      advice: expect.stringMatching(/about \d+ baseline runs/) as string,
    });
    expect(verdict(415)).toMatchObject({
      verdict: "inconclusive",
      advice: expect.stringContaining("several runs of the candidate") as string,
    });
    expect(verdict(424)).toMatchObject({
      verdict: "inconclusive",
      advice: expect.stringContaining("run the candidate again") as string,
    });
  });
});

test("one earlier run is no baseline", () => {
  const found = judgeRegression([run(400)], [run(900, "new")], [FINAL_P95], DEFAULT_MARGINS).rows[0];
  expect(found).toMatchObject({
    verdict: "inconclusive",
    advice: expect.stringContaining("at least 2") as string,
  });
});

test("what was not measured is no pass", () => {
  const silent = { ...PASSED, metrics: {} };
  expect(judgeRegression(BASELINE, [silent], [FINAL_P95], DEFAULT_MARGINS).rows[0]).toMatchObject({
    verdict: "inconclusive",
    advice: "nothing was measured",
  });
});

test.each([
  ["is void", VOIDED],
  ["was interrupted", { ...PASSED, run: { ...PASSED.run, interrupted: true } }],
  ["emulator", { ...PASSED, target: { ...PASSED.target, emulated: false } }],
  ["64 CPUs", { ...PASSED, run: { ...PASSED.run, cpus: 64 } }],
  ["speech", { ...PASSED, dataset: { ...PASSED.dataset, sha256: "0" } }],
  ["cut short", { ...PASSED, window: { ...PASSED.window, steadyMs: 20_000 } }],
  ["load", { ...PASSED, scenario: { ...(PASSED.scenario as object), load: { streams: 3 } } }],
])("not comparable: %s", (why, other: RunResult) => {
  expect(whyNotComparable({ ...other, run: { ...other.run, id: "other" } }, PASSED)).toContain(why);
});

test("other gates, another name and another folder are no hindrance", () => {
  const scenario = { ...(PASSED.scenario as object), name: "renamed", slo: [] };
  expect(
    whyNotComparable({ ...PASSED, scenario, run: { ...PASSED.run, id: "other" } }, PASSED),
  ).toBeUndefined();
  expect(whyNotComparable(PASSED, PASSED)).toContain("itself");
  // The name of a run over NATS may be the same every night.
  const nextNight = { ...PASSED, run: { ...PASSED.run, startedAt: "2026-12-24T00:00:00.000Z" } };
  expect(whyNotComparable(nextNight, PASSED)).toBeUndefined();
  const far = { ...nextNight, run: { ...nextNight.run, remote: { workers: [] } } };
  expect(whyNotComparable(far, PASSED)).toContain("workers on other machines");
  expect(whyNotComparable(far, { ...far, run: { ...far.run, id: "other" } })).toBeUndefined();
});

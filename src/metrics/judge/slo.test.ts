import { describe, expect, it } from "vitest";
import { BenchError, EXIT } from "../../base/errors.ts";
import { keeps, parseSlo, shareAllowed } from "./slo.ts";

describe("parseSlo", () => {
  it.each([
    ["final_from_close p95 < 800ms", { metric: "final_from_close", stat: "p95", op: "<", limit: 800 }],
    ["final_from_close p99.9<=1.5s", { metric: "final_from_close", stat: "p999", op: "<=", limit: 1500 }],
    ["send_lateness max < 900us", { metric: "send_lateness", stat: "max", op: "<", limit: 0.9 }],
    ["  rtf@peak  p50  <  1.2x ", { metric: "rtf", stage: "peak", stat: "p50", op: "<", limit: 1.2 }],
    ["error_ratio < 1%", { metric: "error_ratio", op: "<", limit: 0.01 }],
    ["goodput >= 0.95", { metric: "goodput", op: ">=", limit: 0.95 }],
    ["rtfx > 40", { metric: "rtfx", op: ">", limit: 40 }],
    [
      "final_from_close p95 < 2s abort",
      { metric: "final_from_close", stat: "p95", op: "<", limit: 2000, abort: true },
    ],
    ["error_ratio < 5 % abort", { metric: "error_ratio", op: "<", limit: 0.05, abort: true }],
    ["premature_partials <= 3 abort", { metric: "premature_partials", op: "<=", limit: 3, abort: true }],
    ["premature_partials <= 3", { metric: "premature_partials", op: "<=", limit: 3 }],
  ])("%s", (source, expected) => {
    expect(parseSlo(source)).toEqual({ source, ...expected });
  });

  it.each([
    ["final_from_clse p95 < 1s", 'column 1: no metric "final_from_clse"', "did you mean final_from_close?"],
    ["", 'column 1: no metric ""', "one of first_partial_from_audio"],
    ["rtf@ p95 < 1", "column 5: the stage's name is missing", "metric@stage"],
    ["final_from_close < 1s", "column 18: final_from_close has many values", "p95"],
    ["final_from_close p96 < 1s", 'column 18: "p96" is not known', "p97"],
    ["error_ratio p95 < 1%", 'column 13: error_ratio has one value, so "p95"', "error_ratio <"],
    ["rtf p95 = 1", "column 9: a comparison is missing", "<="],
    ["rtf p95 < fast", "column 11: a limit is missing", "a number"],
    [
      "final_from_close p95 < 800",
      "column 27: the limit of final_from_close needs a unit",
      "one of ms, s, us",
    ],
    ["error_ratio < 5ms", 'column 16: "ms" is not a unit of error_ratio', "one of %, no unit"],
    ["rtf p95 < 1 or so", 'column 13: "or" is not a unit', "x"],
    ["rtf p95 < 1x or so", 'column 14: "or so" is not expected', "one SLO"],
    ["keep_up > 0.98 abort", "column 16: keep_up is only known at the end", "error_ratio"],
    ["rtf max < 2x abort", "column 14: rtf max is only known at the end", "percentiles"],
    ["rtf p95 < 1x abort now", 'column 20: "now" is not expected', "abort"],
    ["nvidia_compat_final p95 < 1s", "column 1: nvidia_compat_final can't be gated on", "response_latency"],
  ])("%s: %s", (source, message, hint) => {
    let thrown: unknown;
    try {
      parseSlo(source);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BenchError);
    const error = thrown as BenchError;
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    expect(error.exitCode).toBe(EXIT.usage);
  });
});

it("compares as written", () => {
  const kept = (slo: string, value: number): boolean => keeps(parseSlo(slo), value);
  expect([
    kept("rtf p50 < 1", 1),
    kept("rtf p50 <= 1", 1),
    kept("rtf p50 > 1", 1),
    kept("rtf p50 >= 1", 1),
  ]).toEqual([false, true, false, true]);
});

it("mirrors the share that may break the limit", () => {
  expect(shareAllowed(parseSlo("rtf p95 < 1"))).toBeCloseTo(0.05, 12);
  expect(shareAllowed(parseSlo("rtf p95 > 1"))).toBeCloseTo(0.95, 12);
  expect(shareAllowed(parseSlo("rtf max < 1"))).toBeUndefined();
});

import { describe, expect, it } from "vitest";
import { judgeSlo } from "./gate.ts";
import { Histogram } from "../record/histogram.ts";
import type { Summary } from "../result/result.ts";
import { parseSlo } from "./slo.ts";
import type { SessionGroup } from "../stats/certainty.ts";

function summaryOf(...values: number[]): Summary {
  const histogram = new Histogram(1000);
  for (const value of values) histogram.record(value);
  return { unit: "ms", count: values.length, mean: 5, max: 9, histogram: histogram.encode() };
}

/** So many sessions with one value each, so many of them in violation. */
function sessions(n: number, over: number): SessionGroup[] {
  return [
    { values: 1, over: 0, sessions: n - over },
    { values: 1, over: 1, sessions: over },
  ];
}

describe("judgeSlo", () => {
  const p95 = parseSlo("final_from_close p95 < 800ms");

  it("passes a percentile whose sample certifies it", () => {
    expect(judgeSlo(p95, summaryOf(100), sessions(130, 1))).toEqual({
      name: "final_from_close p95 < 800ms",
      verdict: "pass",
      observed: expect.closeTo(100, 0) as number,
      limit: "< 800ms",
    });
  });

  it("is in doubt of a small sample and says what it needs", () => {
    expect(judgeSlo(p95, summaryOf(100), sessions(40, 0))).toMatchObject({
      verdict: "inconclusive",
      advice: "0 of 40 sessions break the limit or failed; at least 90 sessions are needed",
    });
    expect(judgeSlo(p95, summaryOf(100), sessions(200, 8))).toMatchObject({
      verdict: "inconclusive",
      advice: "8 of 200 sessions break the limit or failed, up to 3 may; more sessions would decide it",
    });
  });

  it("fails when too many sessions break the limit", () => {
    const check = judgeSlo(p95, summaryOf(900), sessions(200, 30));
    expect(check).toMatchObject({
      verdict: "fail",
      advice: "30 of 200 sessions break the limit or failed, up to 3 may",
    });
  });

  it("fails a server that died, though no session completed", () => {
    const check = judgeSlo(p95, undefined, sessions(100, 100));
    expect(check.verdict).toBe("fail");
    expect(check).not.toHaveProperty("observed");
  });

  it("mirrors the rule for a lower limit", () => {
    // At most half of the sessions may be at or below 1x.
    const slo = parseSlo("rtf p50 > 1x");
    expect(judgeSlo(slo, undefined, sessions(100, 30)).verdict).toBe("pass");
    expect(judgeSlo(slo, undefined, sessions(100, 50)).verdict).toBe("inconclusive");
    expect(judgeSlo(slo, undefined, sessions(100, 70)).verdict).toBe("fail");
  });

  it("resamples sessions where each has many values", () => {
    const slo = parseSlo("response_latency p95 < 300ms");
    const groups = (bad: number): SessionGroup[] => [
      { values: 40, over: 0, sessions: 200 - bad },
      { values: 40, over: 40, sessions: bad },
    ];
    expect(judgeSlo(slo, summaryOf(1), groups(1)).verdict).toBe("pass");
    expect(judgeSlo(slo, summaryOf(1), groups(8)).verdict).toBe("inconclusive");
    expect(judgeSlo(slo, summaryOf(1), groups(40))).toMatchObject({
      verdict: "fail",
      advice: "1600 of 8000 values in 200 sessions break the limit",
    });
  });

  it("compares the observed value of everything else", () => {
    expect(judgeSlo(parseSlo("final_from_close mean < 6ms"), summaryOf(1), []).verdict).toBe("pass");
    expect(judgeSlo(parseSlo("final_from_close max < 6ms"), summaryOf(1), []).verdict).toBe("fail");
    const errors: Summary = { unit: "ratio", count: 10, value: 0.01 };
    expect(judgeSlo(parseSlo("error_ratio < 1%"), errors, []).verdict).toBe("fail");
    expect(judgeSlo(parseSlo("error_ratio <= 1%"), errors, []).verdict).toBe("pass");
  });

  it.each([
    "final_from_close p95 < 1s",
    "final_from_close max < 1s",
    "error_ratio < 1%",
    "response_latency p50 < 1s",
  ])("never passes without data: %s", (source) => {
    expect(judgeSlo(parseSlo(source), undefined, [])).toMatchObject({
      verdict: "inconclusive",
      advice: "nothing was measured",
    });
  });
});

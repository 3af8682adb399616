import { describe, expect, it } from "vitest";
import { randomStream } from "../../base/random.ts";
import {
  binomialAtLeast,
  binomialAtMost,
  certifiedPercentiles,
  CERTIFIED_FROM,
  judgeGroups,
  judgeShare,
  sessionsNeeded,
  violationsAllowed,
} from "./certainty.ts";

describe("binomial tails", () => {
  it("agree with sums done by hand", () => {
    expect(binomialAtMost(10, 0.5, 5)).toBeCloseTo(638 / 1024, 12);
    expect(binomialAtMost(4, 0.25, 0)).toBeCloseTo(0.75 ** 4, 14);
    expect(binomialAtLeast(10, 0.5, 9)).toBeCloseTo(11 / 1024, 14);
    expect([binomialAtMost(5, 0.5, -1), binomialAtMost(5, 0.5, 5), binomialAtLeast(5, 0.5, 0)]).toEqual([
      0, 1, 1,
    ]);
  });

  it("add up to one far out, at a million", () => {
    for (const k of [8_900, 9_700, 10_000, 10_300, 500_000]) {
      expect(binomialAtMost(1e6, 0.01, k) + binomialAtLeast(1e6, 0.01, k + 1)).toBeCloseTo(1, 8);
    }
    // Normal approximation with continuity correction: z = (9700.5 - 10000) / 99.4987 = -3.0101
    expect(binomialAtMost(1e6, 0.01, 9_700)).toBeCloseTo(0.00128, 4);
  });
});

describe("samples", () => {
  it("certify with one sample above from the published sizes", () => {
    expect(CERTIFIED_FROM).toEqual({ p50: 11, p75: 24, p90: 64, p95: 130, p97: 219, p99: 662, p999: 6636 });
  });

  it("pass without violations from the published sizes", () => {
    const sizes = [0.5, 0.75, 0.9, 0.95, 0.97, 0.99, 0.999].map((p) => sessionsNeeded(p, 0));
    expect(sizes).toEqual([7, 17, 44, 90, 152, 459, 4603]);
  });

  it("allow the published numbers of violations of a p99", () => {
    const sizes = [300, 500, 662, 1000, 2000, 3000, 6000, 10_000];
    expect(sizes.map((n) => violationsAllowed(n, 0.99))).toEqual([-1, 0, 1, 2, 9, 17, 42, 77]);
  });

  it("name what they certify", () => {
    expect(certifiedPercentiles(10)).toEqual([]);
    expect(certifiedPercentiles(130)).toEqual(["p50", "p75", "p90", "p95"]);
  });
});

describe("judging a share of sessions", () => {
  it.each([
    [90, 0, "pass"],
    [89, 0, "inconclusive"],
    [90, 1, "inconclusive"],
    [130, 1, "pass"],
    [100, 12, "fail"],
    [100, 5, "inconclusive"],
    [2, 2, "fail"],
    [1, 1, "inconclusive"],
    [0, 0, "inconclusive"],
  ])("%i sessions with %i beyond p95: %s", (n, k, verdict) => {
    expect(judgeShare(n, k, 0.05)).toBe(verdict);
  });
});

describe("judging a share of values by resampling sessions", () => {
  const judge = (...groups: [values: number, over: number, sessions: number][]): string =>
    judgeGroups(
      groups.map(([values, over, sessions]) => ({ values, over, sessions })),
      0.05,
      randomStream(1, "test"),
    );

  it("passes and fails on clear samples", () => {
    expect(judge([40, 0, 100])).toBe("pass");
    expect(judge([40, 0, 190], [40, 4, 10])).toBe("pass");
    expect(judge([40, 8, 100])).toBe("fail");
  });

  it("is in doubt where whole sessions, not single values, are bad", () => {
    // 4 % of 8000 values: as independent values a pass, as 8 bad sessions of 200 not.
    expect(judge([40, 0, 192], [40, 40, 8])).toBe("inconclusive");
  });

  it("needs as many sessions as a percentile without violations", () => {
    expect(judge([1000, 0, 89])).toBe("inconclusive");
    expect(judge([1000, 0, 90])).toBe("pass");
    expect(judge()).toBe("inconclusive");
  });
});

/** The statistics against R's (`test/fixtures/statistics.R`, run once; R is not needed here). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { quantile } from "./bootstrap.ts";
import { noncentralTAbove, normalCdf, tCdf, tQuantile } from "./distributions.ts";
import { holm } from "./holm.ts";
import { isotonicFit } from "./isotonic.ts";
import { inferFromPairs, inferFromRuns } from "./paired.ts";
import { powerToDiffer } from "./power.ts";
import { binomialAtMost } from "./certainty.ts";

type Range = [number, number];
interface Reference {
  normal: { x: number[]; p: number[] };
  t: { t: number; df: number; p: number }[];
  tQuantile: { t: number; df: number; p: number }[];
  noncentralT: { t: number; df: number; delta: number; above: number }[];
  binomial: { n: number; chance: number; k: number; atMost: number }[];
  signFlip: { differences: number[]; above: number; below: number; interval95: Range; interval90: Range }[];
  tPairs: { differences: number[]; above: number; below: number; interval95: Range };
  runs: {
    baseline: number[];
    candidate: number[];
    interval95: Range;
    above: number;
    single: number;
    singleInterval95: Range;
  };
  holm: { p: number[]; adjusted: number[] }[];
  isotonic: { values: number[]; weights: number[]; fitted: number[] };
  power: { pairs: number; shift: number; deviation: number; margin: number; power: number }[];
  quantile: { values: number[]; p50: number; p95: number };
}

const R = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/statistics.json", import.meta.url), "utf8"),
) as Reference;

function near(found: readonly number[] | undefined, expected: readonly number[], digits: number): void {
  expect(found?.length).toBe(expected.length);
  found?.forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? NaN, digits));
}

describe("as R has it", () => {
  test("normal distribution", () => near(R.normal.x.map(normalCdf), R.normal.p, 13));
  test.each(R.t)("t $t with $df", ({ t, df, p }) => expect(tCdf(t, df)).toBeCloseTo(p, 12));
  test.each(R.tQuantile)("t quantile $p with $df", ({ t, df, p }) => {
    expect(tQuantile(p, df) / t).toBeCloseTo(1, 9);
  });
  test.each(R.noncentralT)("noncentral t $t with $df about $delta", ({ t, df, delta, above }) => {
    expect(noncentralTAbove(t, df, delta)).toBeCloseTo(above, 6);
  });
  test.each(R.binomial)("binomial $k of $n", ({ n, chance, k, atMost }) => {
    expect(binomialAtMost(n, chance, k) / atMost).toBeCloseTo(1, 9);
  });

  test.each(R.signFlip)("sign flips of $differences", (r) => {
    const found = inferFromPairs(r.differences);
    expect(found.method).toBe("sign-flip");
    expect(found.above(1)).toBeCloseTo(r.above, 12);
    expect(found.below(1)).toBeCloseTo(r.below, 12);
    near(found.interval(0.95), r.interval95, 7);
    near(found.interval(0.9), r.interval90, 7);
  });

  test("t interval of pairs", () => {
    const { differences, above, below, interval95 } = R.tPairs;
    const found = inferFromPairs(differences);
    expect(found.method).toBe("t");
    near(found.interval(0.95), interval95, 9);
    near([found.above(1), found.below(5)], [above, below], 10);
  });

  test("a candidate's runs against a baseline's", () => {
    const { baseline, candidate, interval95, above, single, singleInterval95 } = R.runs;
    const found = inferFromRuns(baseline, candidate);
    near(found?.interval(0.95), interval95, 9);
    expect(found?.above(10)).toBeCloseTo(above, 10);
    near(inferFromRuns(baseline, [single])?.interval(0.95), singleInterval95, 9);
  });

  test.each(R.holm)("Holm of $p", ({ p, adjusted }) => near(holm(p), adjusted, 12));

  test("isotonic regression with weights", () => {
    const { values, weights, fitted } = R.isotonic;
    near(isotonicFit(values.map((value, index) => ({ value, weight: weights[index] ?? NaN }))), fitted, 12);
  });

  test.each(R.power)("power of $pairs pairs", ({ pairs, power, ...assumed }) => {
    expect(powerToDiffer(assumed, pairs)).toBeCloseTo(power, 6);
  });

  test("nearest-rank quantiles (type 1)", () => {
    const { values, p50, p95 } = R.quantile;
    const sorted = [...values].sort((a, b) => a - b);
    near([quantile(sorted, 0.5), quantile(sorted, 0.95)], [p50, p95], 12);
  });
});

test("six pairs are the fewest for 95 %, and there it is the range", () => {
  expect(inferFromPairs([1, 2, 3, 4, 5]).interval(0.95)).toBeUndefined();
  expect(inferFromPairs([3, 1, 2, 9, 5, 4]).interval(0.95)).toEqual([1, 9]);
});

test("two runs in all give no interval", () => {
  expect(inferFromRuns([400], [401])).toBeUndefined();
  expect(inferFromRuns([400, 401], [])).toBeUndefined();
});

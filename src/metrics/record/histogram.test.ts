import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import { describe, expect, it } from "vitest";
import { Histogram } from "./histogram.ts";

function of(...values: number[]): Histogram {
  const histogram = new Histogram(1000);
  for (const value of values) histogram.record(value);
  return histogram;
}

describe("Histogram", () => {
  it("has no percentiles, mean or extremes when empty", () => {
    const empty = of();
    expect([empty.count, empty.percentile(50), empty.mean, empty.min, empty.max]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("reads nearest-rank percentiles in the unit it was given", () => {
    const histogram = of(...Array.from({ length: 1000 }, (_, i) => (i + 1) / 1000));
    expect(histogram.percentile(50)).toBe(0.5);
    expect(histogram.percentile(99.9)).toBe(0.999);
    expect(histogram.percentile(100)).toBe(1);
    expect(histogram.mean).toBeCloseTo(0.5005, 9);
  });

  it("keeps negatives in percentiles and extremes", () => {
    const histogram = of(-3, -2, -1, 0, 1);
    expect(histogram.negatives).toBe(3);
    expect([histogram.min, histogram.max]).toEqual([
      expect.closeTo(-3, 2) as number,
      expect.closeTo(1, 3) as number,
    ]);
    expect(histogram.percentile(20)).toBeCloseTo(-3, 2);
    expect(histogram.percentile(40)).toBeCloseTo(-2, 2);
    expect(histogram.percentile(80)).toBe(0);
    expect(histogram.mean).toBeCloseTo(-1, 2);
  });

  it("holds three significant digits up to an hour", () => {
    for (const value of [0.001, 1.234, 123.4, 5678, 3_599_000]) {
      expect(Math.abs((of(value).percentile(50) ?? 0) / value - 1)).toBeLessThan(0.001);
    }
  });

  it("counts what is beyond the range at its end", () => {
    const histogram = of(4_000_000, -4_000_000, 1);
    expect([histogram.count, histogram.overflows, histogram.negatives]).toEqual([3, 2, 1]);
    expect(histogram.max).toBeCloseTo(3_600_000, -4);
  });

  it.each([NaN, Infinity, -Infinity])("refuses %s", (value) => {
    expect(() => of(value)).toThrow("can't hold");
  });

  it("is written as the standard V2 string when nothing is below zero", () => {
    const decoded = decodeFromCompressedBase64(of(1, 2, 3).encode());
    expect(decoded.totalCount).toBe(3);
    expect(decoded.getValueAtPercentile(100)).toBeCloseTo(3000, -1);
  });

  it("is empty after a reset", () => {
    const histogram = of(-1, 1, 4_000_000);
    histogram.reset();
    expect([histogram.count, histogram.overflows, histogram.encode()]).toEqual([0, 0, of().encode()]);
  });

  it("refuses what is no histogram", () => {
    expect(() => Histogram.decode("nonsense", 1000)).toThrow();
  });
});

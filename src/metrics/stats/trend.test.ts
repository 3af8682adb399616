import { describe, expect, it } from "vitest";
import { randomStream } from "../../base/random.ts";
import { normalTail, senSlope, trendOf } from "./trend.ts";

/** Expected values: pymannkendall 1.4.3, hamed_rao_modification_test with lag 3, an independent implementation. */
describe("trendOf, against an independent implementation", () => {
  it("counts ties as neither rise nor fall", () => {
    const trend = trendOf([23, 24, 29, 6, 29, 24, 24, 29, 23, 24]);
    expect(trend.s).toBe(3);
    expect(trend.variance).toBeCloseTo(111.66666666666667, 9);
    expect(trend.z).toBeCloseTo(0.18926408936295352, 9);
    expect(trend.p).toBeCloseTo(0.8498858391596911, 6);
    expect(trend.slope).toBe(0);
  });

  it("finds a rise under noise", () => {
    const trend = trendOf([3, 3, 14, 15, 21, 22, 32, 40, 36, 46, 50, 57]);
    expect(trend.s).toBe(63);
    expect(trend.z).toBeCloseTo(4.261529059065518, 9);
    expect(trend.p).toBeCloseTo(2.030329472457737e-5, 10);
    expect(trend.slope).toBeCloseTo(4.954545454545455, 9);
  });

  it("believes a series less whose neighbours resemble each other: p 0.0053 without the correction", () => {
    const trend = trendOf([
      100.0, 117.641, 117.232, 122.711, 139.442, 148.257, 126.42, 129.316, 120.473, 114.323, 114.848, 112.577,
      123.975, 125.592, 120.411, 119.747, 118.147, 128.551, 119.362, 117.652, 104.698, 77.994, 90.031,
      101.168, 93.454, 117.788, 98.798, 99.556,
    ]);
    expect(trend.s).toBe(-142);
    expect(trend.variance).toBeCloseTo(4726.172824302134, 6);
    expect(trend.z).toBeCloseTo(-2.0509936384900023, 9);
    expect(trend.p).toBeCloseTo(0.04026756626007355, 6);
    expect(trend.slope).toBeCloseTo(-0.9451964285714278, 9);
  });
});

describe("trendOf", () => {
  it("sees nothing in what stands still", () => {
    expect(trendOf(Array(20).fill(50))).toEqual({ s: 0, variance: 0, z: 0, p: 1, slope: 0 });
    expect(trendOf([])).toMatchObject({ s: 0, p: 1, slope: 0 });
  });

  it("is not led astray by one outlier", () => {
    expect(senSlope([0, 1, 2, 3, 1e6, 5, 6, 7, 8])).toBe(1);
  });

  it("cries wolf at its own level and no more, on noise without a trend", () => {
    const random = randomStream(1, "white noise");
    for (const n of [8, 12, 24]) {
      const runs = 3000;
      let alarms = 0;
      for (let run = 0; run < runs; run++) {
        if (trendOf(Array.from({ length: n }, random)).p < 0.01) alarms++;
      }
      // Five standard errors above 1 %.
      expect([n, alarms / runs <= 0.01 + 5 * Math.sqrt(0.0099 / runs)]).toEqual([n, true]);
    }
  });

  it("finds a slope of a tenth of the noise per step in 60 values, both ways", () => {
    const random = randomStream(1, "planted");
    const noise = (): number => Array.from({ length: 12 }, random).reduce((sum, x) => sum + x, -6);
    for (const slope of [0.1, -0.1]) {
      const found = trendOf(Array.from({ length: 60 }, (_, i) => i * slope + noise()));
      expect(found.p).toBeLessThan(0.001);
      expect(Math.sign(found.z)).toBe(Math.sign(slope));
      expect(found.slope).toBeCloseTo(slope, 1);
    }
  });
});

it("normalTail: tables of the normal distribution", () => {
  for (const [z, p] of [
    [0, 0.5],
    [1.2815515655446004, 0.1],
    [2.3263478740408408, 0.01],
    [3.090232306167813, 0.001],
    [6, 9.865876450376946e-10],
  ] as const) {
    expect(normalTail(z) / p).toBeCloseTo(1, 6);
  }
});

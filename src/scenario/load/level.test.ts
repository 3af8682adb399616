import { describe, expect, it } from "vitest";
import { randomStream } from "../../base/random.ts";
import type { Segment } from "./level.ts";
import {
  activeSpans,
  fallsBefore,
  levelAt,
  meanCallers,
  meanLevel,
  peakLevel,
  plannedStarts,
} from "./level.ts";

const never = (): number => {
  throw new Error("even spacing draws nothing");
};

function piece(fromMs: number, toMs: number, from: number, to: number = from): Segment {
  return { fromMs, toMs, from, to };
}

/** The first `count` starts, to a microsecond. */
function starts(segments: readonly Segment[], count: number, seed?: number): number[] {
  const random = seed === undefined ? never : randomStream(seed, "starts");
  const result: number[] = [];
  for (const ms of plannedStarts(segments, random)) {
    if (result.length === count) break;
    result.push(Math.round(ms * 1000) / 1000);
  }
  return result;
}

describe("planned starts, evenly spaced", () => {
  it.each<[string, Segment[], number[]]>([
    ["a constant rate", [piece(0, Infinity, 4)], [0, 250, 500, 750, 1000]],
    // Lambda(t) = t^2 / 2 with t in seconds: start n at sqrt(2 n).
    ["a ramp from nothing", [piece(0, 10_000, 0, 10)], [0, 1414.214, 2000, 2449.49, 2828.427]],
    // Lambda(t) = 2 t - t^2 / 2: starts 0 and 1 at 0 and 2 - sqrt(2) s, start 2 at the very end falls out.
    ["a ramp to nothing", [piece(0, 2000, 2, 0)], [0, 585.786]],
    ["a step up", [piece(0, 1000, 2), piece(1000, Infinity, 4)], [0, 500, 1000, 1250, 1500]],
    ["a step in mid-gap", [piece(0, 750, 2), piece(750, Infinity, 4)], [0, 500, 875, 1125]],
    ["a pause", [piece(0, 1000, 2), piece(1000, 5000, 0), piece(5000, Infinity, 2)], [0, 500, 5000, 5500]],
    [
      "nothing at first",
      [piece(0, 3000, 0), piece(3000, 4000, 3), piece(4000, Infinity, 0)],
      [3000, 3333.333, 3666.667],
    ],
    ["nothing", [piece(0, Infinity, 0)], []],
  ])("%s", (_, segments, expected) => {
    expect(starts(segments, 5).slice(0, expected.length)).toEqual(expected);
    if (segments.at(-1)?.to === 0) expect(starts(segments, 1000)).toEqual(expected);
  });

  it("does not drift: start n of a constant rate is n / rate after a million starts", () => {
    let last = 0;
    let n = 0;
    for (const ms of plannedStarts([piece(0, Infinity, 7)], never)) {
      last = ms;
      if (n++ === 1_000_000) break;
    }
    expect(last).toBeCloseTo(1e9 / 7, 4);
  });
});

describe("planned starts, Poisson", () => {
  const N = 10_000;
  const RATE = 20;
  const drawn = starts([{ ...piece(0, Infinity, RATE), spacing: "poisson" }], N, 1);
  const gapsS = drawn.map((ms, n) => (ms - (drawn[n - 1] ?? 0)) / 1000);

  it("10,000 gaps fit the exponential distribution (Kolmogorov-Smirnov, 1 % level)", () => {
    const sorted = [...gapsS].sort((a, b) => a - b);
    let distance = 0;
    for (const [i, gap] of sorted.entries()) {
      const cdf = 1 - Math.exp(-RATE * gap);
      distance = Math.max(distance, Math.abs(cdf - i / N), Math.abs((i + 1) / N - cdf));
    }
    // Critical value for large n: 1.628 / sqrt(n).
    expect(distance).toBeLessThan(1.628 / Math.sqrt(N));
    // It would tell: gaps that are all alike are 1 - 1 / e away.
    expect(1 - Math.exp(-1)).toBeGreaterThan(1.628 / Math.sqrt(N));
  });

  it("counts in seconds are Poisson: mean and variance agree (index of dispersion, 1 % level)", () => {
    const seconds = Math.floor((drawn.at(-1) ?? 0) / 1000);
    const counts = Array.from({ length: seconds }, () => 0);
    for (const ms of drawn) {
      const second = Math.floor(ms / 1000);
      if (second < seconds) counts[second] = (counts[second] ?? 0) + 1;
    }
    const mean = counts.reduce((sum, count) => sum + count, 0) / seconds;
    const statistic = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / mean;
    // Chi-square with so many degrees of freedom is normal: mean k, variance 2 k.
    const k = seconds - 1;
    expect(Math.abs(statistic - k) / Math.sqrt(2 * k)).toBeLessThan(2.576);
    expect(Math.abs(mean - RATE)).toBeLessThan(2.576 * Math.sqrt(RATE / seconds));
  });

  it("gaps do not depend on the one before (lag-1 correlation, 1 % level)", () => {
    const mean = gapsS.reduce((sum, gap) => sum + gap, 0) / N;
    let covariance = 0;
    let variance = 0;
    for (const [i, gap] of gapsS.entries()) {
      variance += (gap - mean) ** 2;
      if (i > 0) covariance += (gap - mean) * ((gapsS[i - 1] ?? 0) - mean);
    }
    expect(Math.abs(covariance / variance)).toBeLessThan(2.576 / Math.sqrt(N));
  });

  it("follows a changing rate: integrated over it, the gaps of a ramp are exponential too", () => {
    // 0 to 40 a second over 500 s: 10,000 starts are expected; Lambda(t) = 0.04 t^2.
    const ramp: Segment = { ...piece(0, 500_000, 0, 40), spacing: "poisson" };
    const times = starts([ramp], 20_000, 3);
    const areas = times.map((ms) => 0.04 * (ms / 1000) ** 2);
    const sorted = areas.map((area, n) => area - (areas[n - 1] ?? 0)).sort((a, b) => a - b);
    const distance = Math.max(
      ...sorted.map((gap, i) => Math.abs(1 - Math.exp(-gap) - (i + 0.5) / sorted.length)),
    );
    expect(Math.abs(times.length - 10_000)).toBeLessThan(2.576 * 100);
    expect(distance).toBeLessThan(1.628 / Math.sqrt(sorted.length));
  });

  it("is the same for one seed and another for another", () => {
    const segment: Segment = { ...piece(0, Infinity, 5), spacing: "poisson" };
    expect(starts([segment], 50, 8)).toEqual(starts([segment], 50, 8));
    expect(starts([segment], 50, 8)).not.toEqual(starts([segment], 50, 9));
  });
});

describe("levels", () => {
  const shape = [piece(0, 1000, 0, 4), piece(1000, 3000, 4), piece(3000, 5000, 2), piece(5000, Infinity, 6)];

  it("are looked up, averaged and compared", () => {
    expect([0, 500, 1000, 2999, 3000, 9000].map((ms) => levelAt(shape, ms))).toEqual([0, 2, 4, 4, 2, 6]);
    expect(meanLevel(shape, 0, 1000)).toBeCloseTo(2, 9);
    expect(meanLevel(shape, 500, 5000)).toBeCloseTo((3 * 0.5 + 4 * 2 + 2 * 2) / 4.5, 9);
    expect(meanLevel(shape, 5000, 7000)).toBe(6);
    expect(peakLevel(shape)).toBe(6);
    expect(fallsBefore(shape, 3000)).toBe(false);
    expect(fallsBefore(shape, 3001)).toBe(true);
  });

  it.each([
    [0, [{ fromMs: 0, toMs: Infinity }]],
    [1, [{ fromMs: 250, toMs: Infinity }]],
    [
      3,
      [
        { fromMs: 750, toMs: 3000 },
        { fromMs: 5000, toMs: Infinity },
      ],
    ],
    [5, [{ fromMs: 5000, toMs: Infinity }]],
    [6, []],
  ])("caller %i is in while the level is above its number", (slot, spans) => {
    expect(activeSpans(shape, slot)).toEqual(spans);
  });

  it("the mean number of callers counts whole ones", () => {
    // Slots 0 to 3 come in at 0, 250, 500 and 750 ms.
    expect(meanCallers(shape, 0, 1000)).toBeCloseTo(1 + 0.75 + 0.5 + 0.25, 9);
    expect(meanCallers(shape, 1000, 5000)).toBeCloseTo(3, 9);
  });
});

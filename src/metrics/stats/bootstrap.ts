/**
 * Bands for drawing: the hierarchical percentile bootstrap over pairs and the sessions in them (A. C. Davison and D. V.
 * Hinkley, Bootstrap Methods and their Application, 1997, section 3.8). Never for verdicts: with few blocks that differ it
 * covers less than it says (84 % for 95 % over 8), which is why those rest on the pairs.
 */
import type { Random } from "../../base/random.ts";
import { randomBelow } from "../../base/random.ts";

/** Values of the sessions of one pair, both sides. */
export interface PairValues {
  baseline: readonly number[];
  candidate: readonly number[];
}

/** The difference of one quantile of the pooled sessions. */
export interface QuantileDifference {
  /** 0 to 1. */
  p: number;
  difference: number;
  low: number;
  high: number;
}

/**
 * Candidate minus baseline at each quantile of `ps`, with the middle 95 % of `resamples` bootstrap draws.
 * Pairs without values on both sides are left out; none left gives none back.
 */
export function quantileDifferences(
  pairs: readonly PairValues[],
  ps: readonly number[],
  random: Random,
  resamples = 200,
): QuantileDifference[] {
  const whole = pairs.filter(({ baseline, candidate }) => baseline.length > 0 && candidate.length > 0);
  if (whole.length === 0) return [];
  const differencesOf = (drawn: readonly PairValues[]): number[] => {
    const baseline = sorted(drawn.flatMap((pair) => pair.baseline));
    const candidate = sorted(drawn.flatMap((pair) => pair.candidate));
    return ps.map((p) => quantile(candidate, p) - quantile(baseline, p));
  };
  const draws = Array.from({ length: resamples }, () =>
    differencesOf(
      whole.map(() => {
        const { baseline, candidate } = whole[randomBelow(random, whole.length)] as PairValues;
        return { baseline: redrawn(baseline, random), candidate: redrawn(candidate, random) };
      }),
    ),
  );
  return differencesOf(whole).map((difference, index) => {
    const found = sorted(draws.map((draw) => draw[index] ?? NaN));
    return {
      p: ps[index] ?? NaN,
      difference,
      low: quantile(found, 0.025),
      high: quantile(found, 0.975),
    };
  });
}

/** Nearest rank: the value at rank ⌈p n⌉. */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const rank = Math.min(ascending.length, Math.max(1, Math.ceil(p * ascending.length - 1e-9)));
  return ascending[rank - 1] ?? NaN;
}

function redrawn(values: readonly number[], random: Random): number[] {
  return values.map(() => values[randomBelow(random, values.length)] ?? NaN);
}

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

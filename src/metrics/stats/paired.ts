/** What the differences of pairs say of their centre: sign-flip up to 12 pairs, Student's t above. */
import { tCdf, tQuantile } from "./distributions.ts";
import { CLIPS_NEEDED, type ClipParts } from "./clip-bootstrap.ts";
import { SIGN_FLIP_MOST_PAIRS, signFlipAbove, signFlipBelow, signFlipInterval } from "./sign-flip.ts";

export interface Inference {
  method: "sign-flip" | "t" | "clips";
  /** Mean difference. */
  estimate: number;
  /** Two-sided; undefined where so few pairs can't reach the confidence. */
  interval(confidence: number): readonly [low: number, high: number] | undefined;
  /** p of H0 "the centre is at or below `limit`": small when it lies above. */
  above(limit: number): number;
  /** p of H0 "the centre is at or above `limit`": small when it lies below. */
  below(limit: number): number;
}

/** @param differences one for each pair, at least one */
export function inferFromPairs(differences: readonly number[]): Inference {
  if (differences.length > SIGN_FLIP_MOST_PAIRS) return inferByT(differences);
  return {
    method: "sign-flip",
    estimate: mean(differences),
    interval: (confidence) => signFlipInterval(differences, confidence),
    above: (limit) => signFlipAbove(differences, limit),
    below: (limit) => signFlipBelow(differences, limit),
  };
}

/** mean ± t(1 - alpha/2; n - 1) s / √n. */
function inferByT(differences: readonly number[]): Inference {
  const n = differences.length;
  return inferFromError(mean(differences), deviation(differences) / Math.sqrt(n), n - 1);
}

/**
 * The difference candidate - baseline of the means of two independent sets of runs with a common variance: the pooled
 * two-sample t interval. One candidate run is enough (then it is the prediction interval of a new run); the baseline's
 * spread carries the verdict. Undefined with less than two runs more than sets: no spread, no interval.
 */
export function inferFromRuns(
  baseline: readonly number[],
  candidate: readonly number[],
): Inference | undefined {
  const df = baseline.length + candidate.length - 2;
  if (df < 1 || baseline.length === 0 || candidate.length === 0) return undefined;
  const pooled = Math.sqrt((squares(baseline) + squares(candidate)) / df);
  const error = pooled * Math.sqrt(1 / baseline.length + 1 / candidate.length);
  return inferFromError(mean(candidate) - mean(baseline), error, df);
}

/**
 * The difference candidate - baseline of two ratios over the same clips: the clip is the unit, its contribution to the difference
 * linearised around both ratios (the ratio estimator of W. G. Cochran, Sampling Techniques, 1977, section 6.4), and those have the interval of Student's t.
 *
 * @param clips what each clip adds to the sums of both ratios
 * @returns undefined for too few clips, or where one side has nothing to divide by
 */
export function inferFromClips(
  clips: readonly (readonly [baseline: ClipParts, candidate: ClipParts])[],
): Inference | undefined {
  const n = clips.length;
  const sides = [0, 1].map((side) => ({
    part: clips.reduce((sum, clip) => sum + (clip[side]?.[0] ?? 0), 0),
    whole: clips.reduce((sum, clip) => sum + (clip[side]?.[1] ?? 0), 0),
  }));
  const [before, after] = sides;
  if (n < CLIPS_NEEDED || before === undefined || after === undefined) return undefined;
  if (before.whole === 0 || after.whole === 0) return undefined;
  const residual = ([part, whole]: ClipParts, total: { part: number; whole: number }): number =>
    ((part - (total.part / total.whole) * whole) * n) / total.whole;
  const residuals = clips.map(
    ([baseline, candidate]) => residual(candidate, after) - residual(baseline, before),
  );
  const estimate = after.part / after.whole - before.part / before.whole;
  return { ...inferFromError(estimate, deviation(residuals) / Math.sqrt(n), n - 1), method: "clips" };
}

/** Combines two inferences about one difference: it claims no more than the less certain of them. The estimate is that of the first. */
export function lessCertain(one: Inference, other: Inference | undefined): Inference {
  if (other === undefined) return one;
  return {
    ...one,
    interval(confidence) {
      const [its, others] = [one.interval(confidence), other.interval(confidence)];
      if (its === undefined || others === undefined) return undefined;
      return [Math.min(its[0], others[0]), Math.max(its[1], others[1])];
    },
    above: (limit) => Math.max(one.above(limit), other.above(limit)),
    below: (limit) => Math.max(one.below(limit), other.below(limit)),
  };
}

function inferFromError(estimate: number, error: number, df: number): Inference {
  const p = (limit: number, side: 1 | -1): number => {
    const distance = (estimate - limit) * side;
    // Runs that agree to the last digit (an emulator with fixed delays) leave no doubt.
    return error === 0 ? (distance > 0 ? 0 : 1) : tCdf(-distance / error, df);
  };
  return {
    method: "t",
    estimate,
    interval(confidence) {
      const half = tQuantile((1 + confidence) / 2, df) * error;
      return [estimate - half, estimate + half];
    },
    above: (limit) => p(limit, 1),
    below: (limit) => p(limit, -1),
  };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation (n - 1). */
export function deviation(values: readonly number[]): number {
  return Math.sqrt(squares(values) / (values.length - 1));
}

/** Sum of squared distances from the mean. */
function squares(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

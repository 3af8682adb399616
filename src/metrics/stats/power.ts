/**
 * How likely a comparison is to come to a verdict, and how many pairs it takes. Student's t throughout; the sign-flip
 * intervals of up to 12 pairs find a little less (their levels are steps of 1/2^n), as the simulations in the tests show.
 */
import { noncentralTAbove, tQuantile } from "./distributions.ts";
import { CLAIM_ALPHA } from "./difference.ts";

/** What is assumed of a comparison to come. All in the metric's unit. */
export interface Assumed {
  /** The true difference candidate - baseline. */
  shift: number;
  /** Standard deviation of the differences between pairs. */
  deviation: number;
  margin: number;
  /** Chance of a false claim; CLAIM_ALPHA over the number of metrics that count. */
  alpha?: number;
}

/** Chance that `pairs` show the difference to be beyond the margin: P(T' > t(1 - alpha/2)), T' noncentral about shift - m. */
export function powerToDiffer(
  { shift, deviation, margin, alpha = CLAIM_ALPHA }: Assumed,
  pairs: number,
): number {
  const beyond = Math.abs(shift) - margin;
  if (pairs < 2) return 0;
  if (deviation === 0) return beyond > 0 ? 1 : 0;
  const critical = tQuantile(1 - alpha / 2, pairs - 1);
  return noncentralTAbove(critical, pairs - 1, (beyond * Math.sqrt(pairs)) / deviation);
}

/**
 * Chance that `pairs` show the difference to be within the margin. The two one-sided tests share their data, so this is
 * the usual lower bound P(first) + P(second) - 1 (exact enough from half a chance up).
 */
export function powerToEqual({ shift, deviation, margin }: Assumed, pairs: number): number {
  if (pairs < 2) return 0;
  if (deviation === 0) return Math.abs(shift) < margin ? 1 : 0;
  const critical = tQuantile(1 - CLAIM_ALPHA, pairs - 1);
  const one = (room: number): number =>
    noncentralTAbove(critical, pairs - 1, (room * Math.sqrt(pairs)) / deviation);
  return Math.max(0, one(margin - shift) + one(margin + shift) - 1);
}

const MOST_PAIRS = 1000;

/** The fewest pairs that come to a verdict with a chance of `power`; undefined when a thousand would not. */
export function pairsNeeded(assumed: Assumed, power = 0.8): number | undefined {
  const enough = (pairs: number): boolean =>
    Math.max(powerToDiffer(assumed, pairs), powerToEqual(assumed, pairs)) >= power;
  if (!enough(MOST_PAIRS)) return undefined;
  let below = 1;
  let found = MOST_PAIRS;
  while (found - below > 1) {
    const middle = Math.floor((below + found) / 2);
    if (enough(middle)) found = middle;
    else below = middle;
  }
  return found;
}

/**
 * The fewest baseline runs that show a candidate to be no worse with a chance of 80 %: the pooled two-sample t test with
 * `candidates` new runs. Undefined when a hundred would not.
 *
 * @param room margin - difference, above 0
 */
export function runsNeeded({
  room,
  deviation,
  candidates,
}: {
  room: number;
  deviation: number;
  candidates: number;
}): number | undefined {
  for (let runs = 2; runs <= 100; runs++) {
    const df = runs + candidates - 2;
    const error = deviation * Math.sqrt(1 / runs + 1 / candidates);
    if (noncentralTAbove(tQuantile(1 - CLAIM_ALPHA, df), df, room / error) >= 0.8) return runs;
  }
  return undefined;
}

/**
 * Intervals of ratios over a set of clips, such as a word error rate: the bootstrap over clips (M. Bisani and H. Ney, Bootstrap
 * estimates for confidence intervals in ASR performance evaluation, ICASSP 2004). The words of a clip are correlated, and so are the sessions that
 * played it, so neither is ever drawn alone.
 */
import type { Random } from "../../base/random.ts";
import { randomBelow } from "../../base/random.ts";
import { quantile } from "./bootstrap.ts";
import { normalCdf, tQuantile } from "./distributions.ts";

export interface Interval {
  low: number;
  high: number;
}

/** With fewer clips an interval means nothing. */
export const CLIPS_NEEDED = 8;

const RESAMPLES = 1000;

/**
 * The 95 % interval of `ratioOf` over draws of as many clips, widened for few clips: by sqrt(n / (n - 1)), and by Student's quantile
 * instead of the normal one (T. Hesterberg, What Teachers Should Know About the Bootstrap, 2015, section 3.2).
 *
 * @param ratioOf undefined where nothing was measured
 * @returns undefined for too few clips, or where no draw has a ratio
 */
export function clipInterval<Clip>(
  clips: readonly Clip[],
  ratioOf: (drawn: readonly Clip[]) => number | undefined,
  random: Random,
): Interval | undefined {
  const n = clips.length;
  if (n < CLIPS_NEEDED) return undefined;
  const drawn = [...clips];
  const found: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    for (let i = 0; i < n; i++) drawn[i] = clips[randomBelow(random, n)] as Clip;
    const ratio = ratioOf(drawn);
    if (ratio !== undefined) found.push(ratio);
  }
  if (found.length === 0) return undefined;
  const ascending = Float64Array.from(found).sort();
  const tail = normalCdf(-Math.sqrt(n / (n - 1)) * tQuantile(0.975, n - 1));
  return { low: quantile(ascending, tail), high: quantile(ascending, 1 - tail) };
}

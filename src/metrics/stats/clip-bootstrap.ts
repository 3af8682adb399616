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

/** The amounts that a clip adds to the two sums of a ratio. */
export type ClipParts = readonly [part: number, whole: number];

/**
 * The 95 % interval of the ratio of the sums over draws of as many clips, widened for few clips: by sqrt(n / (n - 1)), and by Student's
 * quantile instead of the normal one (T. Hesterberg, What Teachers Should Know About the Bootstrap, 2015, section 3.2). Where nothing was
 * wrong, or everything, draws can't differ: that end is 3 / `heard` away (the rule of three).
 *
 * @param heard words (or whatever is counted) of the clips, each clip once
 * @returns undefined for too few clips, or with nothing to divide by
 */
export function clipInterval(
  clips: readonly ClipParts[],
  heard: number,
  random: Random,
): Interval | undefined {
  const n = clips.length;
  if (n < CLIPS_NEEDED || clips.every(([, whole]) => whole === 0)) return undefined;
  const found = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES;) {
    let [part, whole] = [0, 0];
    for (let i = 0; i < n; i++) {
      const clip = clips[randomBelow(random, n)];
      part += clip?.[0] ?? 0;
      whole += clip?.[1] ?? 0;
    }
    // Clips without speech alone are no sample of a rate.
    if (whole > 0) found[resample++] = part / whole;
  }
  found.sort();
  const tail = normalCdf(-Math.sqrt(n / (n - 1)) * tQuantile(0.975, n - 1));
  const [low, high] = [quantile(found, tail), quantile(found, 1 - tail)];
  if (low !== high || heard === 0) return { low, high };
  if (low === 0) return { low, high: Math.min(1, 3 / heard) };
  return low === 1 ? { low: Math.max(0, 1 - 3 / heard), high } : { low, high };
}

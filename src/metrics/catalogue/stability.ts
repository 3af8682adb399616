/** Does text that was shown stay as it was? Over normalised words: case and punctuation may change for free. */
import type { Hypothesis, Segment } from "../observation/hypotheses.ts";
import { segmentsOf } from "../observation/hypotheses.ts";
import type { SessionMetric } from "./metric.ts";
import { alignWords, commonPrefix } from "../observation/word-align.ts";

/** A sum over the segments of a session / its final words. No value without final words or without interim results. */
function perFinalWord(name: string, help: string, of: (segment: Segment) => number): SessionMetric {
  return {
    name,
    unit: "ratio",
    better: "lower",
    per: "session",
    ofUnpaced: true,
    help: `${help} Words are normalised (lower case, no punctuation); all segments of the session together.`,
    of: (observation) => {
      if (observation.cutShort || !observation.interim) return undefined;
      let words = 0;
      let sum = 0;
      for (const segment of segmentsOf(observation)) {
        words += segment.final.words.length;
        sum += of(segment);
      }
      return words === 0 ? undefined : sum / words;
    },
  };
}

/** Sums over each hypothesis of a segment and the one after it. */
function overRevisions(
  { partials, final }: Segment,
  of: (before: readonly string[], after: readonly string[]) => number,
): number {
  let sum = 0;
  let before: Hypothesis | undefined;
  for (const after of partials) {
    if (before !== undefined) sum += of(before.words, after.words);
    before = after;
  }
  return before === undefined ? 0 : sum + of(before.words, final.words);
}

/** Words of `before` that `after` changed or left out; what it adds at the end is free. */
function unstable(before: readonly string[], after: readonly string[]): number {
  if (commonPrefix(before, after) === before.length) return 0;
  return alignWords(before, after, "free").places.reduce((sum, place) => sum + (place < 0 ? 1 : 0), 0);
}

export const STABILITY_METRICS: readonly SessionMetric[] = [
  perFinalWord(
    "upwr",
    "Unstable partial words: sum over j of the words of h_(j-1) changed or gone in h_j / N, N = words of the final h_m, by " +
      "the alignment with the fewest edits (Shangguan et al. 2020).",
    (segment) => overRevisions(segment, unstable),
  ),
  perFinalWord(
    "erasure",
    "Normalised erasure: sum over j of (len h_(j-1) - LCP(h_(j-1), h_j)) / N, LCP = common prefix in words: all that a " +
      "reader must read again (Arivazhagan et al. 2020). Larger than upwr when an early word changes.",
    (segment) => overRevisions(segment, (before, after) => before.length - commonPrefix(before, after)),
  ),
  perFinalWord(
    "final_surprise",
    "Words changed, gone or put in between the last partial and the final / N: how far acting on a partial would have " +
      "misled. 1 when a final came unannounced.",
    ({ partials, final }) => {
      const last = partials.at(-1);
      return last === undefined ? final.words.length : alignWords(last.words, final.words, "counts").edits;
    },
  ),
];

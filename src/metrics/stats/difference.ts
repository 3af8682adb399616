/**
 * The verdict on a difference candidate - baseline with a practical margin m (two one-sided tests for equivalence: D. J.
 * Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987):
 *
 *     interval wholly beyond +m or -m                   better or worse
 *     90 % interval inside [-m, +m]                     equivalent
 *     anything else, also "different, size undecided"   inconclusive
 *
 * Better and worse are claimed at 95 % confidence over all the metrics that were declared to count, by Holm's correction;
 * equivalent is claimed of each metric by itself, at 5 % each.
 */
import { holm } from "./holm.ts";
import type { Inference } from "./paired.ts";

export type DifferenceVerdict = "better" | "worse" | "equivalent" | "inconclusive";

/** Chance of a false claim. */
export const CLAIM_ALPHA = 0.05;

/** What is asked of one metric. */
export interface Question {
  /** Undefined when there is nothing to infer from: too few pairs. */
  inference: Inference | undefined;
  better: "lower" | "higher";
  /** The largest difference that does not matter to anyone, in the metric's unit. */
  margin: number;
}

/** Judges the whole set of questions at once. */
export function judgeDifferences(questions: readonly Question[]): DifferenceVerdict[] {
  const beyond = questions.map(({ inference, margin }) =>
    // Two-sided: either side may turn out to be the one.
    inference === undefined
      ? 1
      : Math.min(1, 2 * Math.min(inference.above(margin), inference.below(-margin))),
  );
  const adjusted = holm(beyond);
  return questions.map(({ inference, margin, better }, index) => {
    if (inference === undefined) return "inconclusive";
    if ((adjusted[index] ?? 1) <= CLAIM_ALPHA) {
      const higher = inference.above(margin) < inference.below(-margin);
      return higher === (better === "higher") ? "better" : "worse";
    }
    return equivalent(inference, margin) ? "equivalent" : "inconclusive";
  });
}

function equivalent(inference: Inference, margin: number): boolean {
  return inference.below(margin) <= CLAIM_ALPHA && inference.above(-margin) <= CLAIM_ALPHA;
}

/** Shown, at 95 % confidence, not to be worse by the margin or more: a one-sided test, so better is no hindrance. */
export function noWorse({ inference, margin, better }: Question): boolean {
  if (inference === undefined) return false;
  return (better === "lower" ? inference.below(margin) : inference.above(-margin)) <= CLAIM_ALPHA;
}

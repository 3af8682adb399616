/** Which clip comes next: an endless seeded sequence. */
import type { Random } from "../../base/random.ts";
import { shuffled } from "../../base/random.ts";

/**
 * Without weights seeded shuffles one after the other, so that every clip is played before one is played twice. With
 * weights each draw is for itself.
 *
 * @returns the next index into the clip list, at each call
 */
export function clipOrder(
  clips: number,
  weights: readonly number[] | undefined,
  random: Random,
): () => number {
  const all = Array.from({ length: clips }, (_, index) => index);
  if (weights !== undefined) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return () => {
      let rest = random() * total;
      const drawn = weights.findIndex((weight) => (rest -= weight) < 0);
      return drawn < 0 ? weights.length - 1 : drawn;
    };
  }
  let round: number[] = [];
  return () => {
    if (round.length === 0) round = shuffled(all, random);
    return round.pop() ?? 0;
  };
}

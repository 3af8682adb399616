/** Who carries which part of a plan: callers of a closed load, sessions of an open one, each by its number. Pure. */

/** Part `index` of `of` equal ones, as one machine carries it; a run of one machine is the part 0 of 1. */
export interface Shard {
  index: number;
  of: number;
}

/** The numbers that one process carries: those that leave one of these remainders when divided by `of`. */
export interface Share {
  of: number;
  /** Ascending, each below `of`. */
  remainders: readonly number[];
}

/** A share may be so many times another. */
export const MOST_WEIGHT = 64;

/** Tells whether this can be a weight: a whole number from 1 to `MOST_WEIGHT`. */
export function isWeight(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_WEIGHT;
}

/** All of a plan. */
export const ALL: Share = { of: 1, remainders: [0] };

/** A part as a share. */
export function shareOf({ index, of }: Shard): Share {
  return { of, remainders: [index] };
}

/**
 * Deals a plan by weight, in turns: of any stretch of numbers each gets its proportion, to within one where weights are equal. With
 * equal weights, every n-th number.
 * @param weights whole, from 1
 */
export function sharesByWeight(weights: readonly number[]): Share[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0);
  const turns = weights.map((weight) => weight / divisor);
  const of = turns.reduce((sum, turn) => sum + turn, 0);
  const shares = turns.map((): number[] => []);
  // Smooth weighted round-robin: everyone saves up its turns, who has most is dealt one and pays for a whole round.
  const saved = turns.map(() => 0);
  for (let number = 0; number < of; number++) {
    let most = 0;
    for (const [index, turn] of turns.entries()) {
      saved[index] = (saved[index] ?? 0) + turn;
      if ((saved[index] ?? 0) > (saved[most] ?? 0)) most = index;
    }
    saved[most] = (saved[most] ?? 0) - of;
    shares[most]?.push(number);
  }
  return shares.map((remainders) => ({ of, remainders }));
}

/** Splits a share among the `count` processes of a machine; what one of them gets is as long as another's, to within one. */
export function splitShare({ of, remainders }: Share, count: number): Share[] {
  const times = count / greatestCommonDivisor(remainders.length, count);
  const all = Array.from({ length: times }, (_, time) => remainders.map((one) => one + of * time)).flat();
  return Array.from({ length: count }, (_, process) => ({
    of: of * times,
    remainders: all.filter((_one, index) => index % count === process),
  }));
}

/** Tells whether a number belongs to a share. */
export function belongsTo({ of, remainders }: Share): (number: number) => boolean {
  const own = new Set(remainders);
  return (number) => own.has(number % of);
}

/** The numbers of a share below a limit, ascending. */
export function numbersOf(share: Share, below: number): number[] {
  const numbers: number[] = [];
  for (let from = 0; from < below; from += share.of)
    for (const one of share.remainders) if (from + one < below) numbers.push(from + one);
  return numbers;
}

/** The size of a share, from 0 to 1. */
export function shareOfWhole({ of, remainders }: Share): number {
  return remainders.length / of;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

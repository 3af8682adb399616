/**
 * The sign-flip test on the differences of pairs, exact, and its inversion to an interval. It assumes that differences are
 * symmetric about their centre, and nothing of their shape: right for a handful of pairs, where t needs normality.
 * Source: R. A. Fisher, The Design of Experiments (1935); J. A. Hartigan, "Using Subsample Values as Typical Values", JASA
 * 64 (1969): the 2^n - 1 means of all subsets cut the line into 2^n parts that hold the centre with equal chance.
 */

/** More pairs than that are not enumerated. */
export const SIGN_FLIP_MOST_PAIRS = 12;

/**
 * P(a random choice of signs gives a sum at least as large as the observed one), for H0: the centre is at or below
 * `limit`. The smallest that n pairs can reach is 1 / 2^n.
 */
export function signFlipAbove(differences: readonly number[], limit: number): number {
  const shifted = differences.map((difference) => difference - limit);
  const tolerance = 1e-12 * shifted.reduce((sum, value) => sum + Math.abs(value), 0);
  // Turning the signs of a subset gives at least the observed sum just when the subset's own sum is not above 0.
  let reached = 0;
  for (const sum of subsetSums(shifted)) if (sum <= tolerance) reached++;
  return reached / 2 ** shifted.length;
}

/** The same for H0: the centre is at or above `limit`. */
export function signFlipBelow(differences: readonly number[], limit: number): number {
  return signFlipAbove(
    differences.map((difference) => -difference),
    -limit,
  );
}

/**
 * The interval of centres that the two-sided test at 1 - `confidence` does not refuse. Undefined when so few pairs can't
 * reach that confidence: 6 are the fewest for 95 %, where it is [least, greatest difference].
 */
export function signFlipInterval(
  differences: readonly number[],
  confidence: number,
): readonly [low: number, high: number] | undefined {
  const sets = 2 ** differences.length;
  const cut = Math.floor(((1 - confidence) / 2) * sets + 1e-9);
  if (cut < 1) return undefined;
  const sums = subsetSums(differences);
  const means = Float64Array.from({ length: sets - 1 }, (_, i) => (sums[i + 1] ?? NaN) / ones(i + 1)).sort();
  return [means[cut - 1] ?? NaN, means[sets - 1 - cut] ?? NaN];
}

/** Sums of all subsets; the bits of an index say who is in it. */
function subsetSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(2 ** values.length);
  values.forEach((value, bit) => {
    const half = 1 << bit;
    for (let i = 0; i < half; i++) sums[half + i] = (sums[i] ?? 0) + value;
  });
  return sums;
}

function ones(index: number): number {
  let count = 0;
  for (let rest = index; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

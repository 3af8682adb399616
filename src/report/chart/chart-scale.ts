/**
 * Round numbers for an axis from `low` (at most 0) to `high` (at least 0): steps of 1, 2 or 5 times a power of ten, at
 * most `most` of them, zero among the ticks, the first at or below `low` and the last at or above `high`.
 *
 * @param leastStep for quantities that come in whole numbers: 1
 */
export function axisTicks(low: number, high: number, most: number, leastStep = 0): number[] {
  // Nothing but zero still needs an axis.
  const top = high - low > 1e-6 ? high : 1;
  // With two sides, rounding outwards may take one step more.
  const step = roundUp(Math.max((top - low) / (low < 0 ? most - 1 : most), leastStep));
  const below = stepsTo(-low / step);
  const above = stepsTo(top / step);
  // Through 12 digits, so that 3 x 0.1 is 0.3.
  return Array.from({ length: below + above + 1 }, (_, index) =>
    Number(((index - below) * step).toPrecision(12)),
  );
}

/** Whole steps that reach so far; a billionth more is an error of the division. */
function stepsTo(steps: number): number {
  return Math.ceil(Math.max(0, steps - 1e-9));
}

/** The least of 1, 2, 5 times a power of ten that is at least `value`. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** The unit in which people read a run of this length, and its milliseconds. */
export function timeUnit(lengthMs: number): { name: string; ms: number } {
  if (lengthMs <= 3 * 60_000) return { name: "s", ms: 1000 };
  return lengthMs <= 3 * 3_600_000 ? { name: "min", ms: 60_000 } : { name: "h", ms: 3_600_000 };
}

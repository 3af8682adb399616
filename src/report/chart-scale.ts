/**
 * Round numbers for an axis that covers `low` to `high`: steps of 1, 2 or 5 times a power of ten, at most `most` of
 * them, the first at or below `low` and the last at or above `high`.
 *
 * @param leastStep for quantities that come in whole numbers: 1
 */
export function axisTicks(low: number, high: number, most: number, leastStep = 0): number[] {
  const range = high > low ? high - low : 1;
  let step = leastStep;
  let first: number;
  let steps: number;
  // Rounding outwards may take one step more than fits; the next round step then always fits.
  for (let least = Math.max(range / most, leastStep); ; least = step * 1.01) {
    step = roundUp(least);
    first = Math.floor(low / step);
    steps = Math.max(1, Math.ceil((low + range) / step) - first);
    if (steps <= most) break;
  }
  // Through the index and 12 digits, so that 0.1 + 0.2 stays 0.3.
  return Array.from({ length: steps + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
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

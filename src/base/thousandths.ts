/** Rounds to three decimals: milliseconds to a microsecond, of which the clock is sure. Never -0, which JSON does not know. */
export function toThousandths(value: number): number {
  return Math.round(value * 1000) / 1000 + 0;
}

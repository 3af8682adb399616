/** A ratio in percent; what rounds to nothing has no sign. */
export function percent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(2)).toFixed(2)} %`;
}

/**
 * p values adjusted for having asked several questions at once: Holm's step-down (S. Holm, Scand. J. Statist. 6, 1979).
 * Claiming every question whose adjusted p is at most alpha makes a false claim with a chance of at most alpha, whatever
 * the dependence between them.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach(({ p, index }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (pValues.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}

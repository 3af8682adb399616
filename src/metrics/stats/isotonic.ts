/**
 * Isotonic regression: the non-decreasing sequence nearest to `points` in weighted squares, by pooling adjacent violators
 * (Ayer et al., Ann. Math. Statist. 26, 1955).
 *
 * @param points in the order of their x, weights above 0
 * @returns the fitted value of each point
 */
export function isotonicFit(points: readonly { value: number; weight: number }[]): number[] {
  const blocks: { sum: number; weight: number; count: number }[] = [];
  for (const { value, weight } of points) {
    let block = { sum: value * weight, weight, count: 1 };
    for (;;) {
      const before = blocks.at(-1);
      if (before === undefined || before.sum * block.weight <= block.sum * before.weight) break;
      blocks.pop();
      block = {
        sum: before.sum + block.sum,
        weight: before.weight + block.weight,
        count: before.count + block.count,
      };
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ sum, weight, count }) => new Array<number>(count).fill(sum / weight));
}

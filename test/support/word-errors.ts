/** Word errors of what was heard against what was said: the least number of substitutions, insertions and deletions. */
export function wordErrors(said: readonly string[], heard: readonly string[]): number {
  let row = heard.map((_, i) => i + 1);
  for (const [i, word] of said.entries()) {
    let diagonal = i;
    let left = i + 1;
    row = row.map((above, j) => {
      const best = Math.min(diagonal + (heard[j] === word ? 0 : 1), above + 1, left + 1);
      diagonal = above;
      left = best;
      return best;
    });
  }
  return row.at(-1) ?? said.length;
}

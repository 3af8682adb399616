/** Which words of one text are still there in another: alignment by the fewest edits, then by the most words kept. */

export interface Alignment {
  /** For each word of `from` its place in `to`; -1 where it was changed or is gone. */
  places: readonly number[];
  /** Words changed, gone or put in. */
  edits: number;
}

/** One edit outweighs any number of words kept. */
const EDIT = 1 << 16;
/** Words that shift by more places than this are not followed: time must not grow with the square of a long text. */
const BAND = 64;

/**
 * Aligns two lists of words.
 * @param tail "free" when words appended to `from` are no edits, as for a text that grows; "counts" otherwise
 */
export function alignWords(
  from: readonly string[],
  to: readonly string[],
  tail: "free" | "counts",
): Alignment {
  const places = new Array<number>(from.length).fill(-1);
  const head = commonPrefix(from, to);
  for (let i = 0; i < head; i++) places[i] = i;
  let fromEnd = from.length;
  let toEnd = to.length;
  if (tail === "counts") {
    while (fromEnd > head && toEnd > head && from[fromEnd - 1] === to[toEnd - 1]) places[--fromEnd] = --toEnd;
  }
  const rows = fromEnd - head;
  const columns = toEnd - head;
  if (rows === 0) return { places, edits: tail === "free" ? 0 : columns };
  if (columns === 0) return { places, edits: rows };
  if (rows === 1 && tail === "free") {
    // The usual revision, of the last word alone: it changed, or one word was put in before it.
    if (from[head] === to[head + 1]) places[head] = head + 1;
    return { places, edits: 1 };
  }
  const edits = alignRest(from.slice(head, fromEnd), to.slice(head, toEnd), tail, (i, j) => {
    places[head + i] = head + j;
  });
  return { places, edits };
}

/** How many words two texts have in common from the start on. */
export function commonPrefix(a: readonly string[], b: readonly string[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/** Dynamic programming within the band, then back along the cheapest way. Returns the edits, tells of each word kept. */
function alignRest(
  from: readonly string[],
  to: readonly string[],
  tail: "free" | "counts",
  kept: (i: number, j: number) => void,
): number {
  const band = BAND + (tail === "free" ? 0 : Math.abs(from.length - to.length));
  const columns = tail === "free" ? Math.min(to.length, from.length + band) : to.length;
  const width = columns + 1;
  const costs = new Int32Array((from.length + 1) * width).fill(0x3fffffff);
  const at = (i: number, j: number): number => costs[i * width + j] ?? NaN;
  const same = (i: number, j: number): boolean => from[i - 1] === to[j - 1];
  for (let i = 0; i <= from.length; i++) {
    const last = Math.min(columns, i + band);
    for (let j = Math.max(0, i - band); j <= last; j++) {
      let cost = i === 0 && j === 0 ? 0 : 0x3fffffff;
      if (i > 0) cost = Math.min(cost, at(i - 1, j) + EDIT);
      if (j > 0) cost = Math.min(cost, at(i, j - 1) + EDIT);
      if (i > 0 && j > 0) cost = Math.min(cost, at(i - 1, j - 1) + (same(i, j) ? -1 : EDIT));
      costs[i * width + j] = cost;
    }
  }
  let j = columns;
  if (tail === "free") for (let k = columns; k >= 0; k--) if (at(from.length, k) <= at(from.length, j)) j = k;
  const edits = Math.ceil(at(from.length, j) / EDIT);
  for (let i = from.length; i > 0;) {
    const cost = at(i, j);
    if (j > 0 && cost === at(i - 1, j - 1) + (same(i, j) ? -1 : EDIT)) {
      if (same(i, j)) kept(i - 1, j - 1);
      i--;
      j--;
    } else if (j > 0 && cost === at(i, j - 1) + EDIT) j--;
    else i--;
  }
  return edits;
}

/** The fewest edits that make one list of tokens of another. */

/** Edits that make an answer of its reference, in the unit of the rules that they were counted by. */
export interface EditCounts {
  /** Tokens of the reference, numbers read out as in the answer [N]. */
  reference: number;
  substitutions: number;
  insertions: number;
  deletions: number;
}

/** An answer is aligned up to this many tokens, and so many for each of its reference; no honest answer is longer. */
const ALIGNED_TOKENS = 1000;
const ALIGNED_FOR_EACH = 4;

/** How far from the diagonal the first attempt looks: more edits than that are rare, and cost another attempt. */
const FIRST_BAND = 16;

/**
 * The fewest edits from `expected` to `said`, exactly: within a band around the diagonal that is doubled until no way outside of it could
 * be shorter (E. Ukkonen, Algorithms for approximate string matching, 1985). Time grows with length * edits, so what is beyond all measure
 * in an answer counts as put in, unaligned.
 */
export function countEdits(expected: readonly string[], answer: readonly string[]): EditCounts {
  const said = answer.slice(0, ALIGNED_TOKENS + ALIGNED_FOR_EACH * expected.length);
  let head = 0;
  const shorter = Math.min(expected.length, said.length);
  while (head < shorter && expected[head] === said[head]) head++;
  let tail = 0;
  while (tail < shorter - head && expected[expected.length - 1 - tail] === said[said.length - 1 - tail])
    tail++;
  const numbers = new Map<string, number>();
  const from = numbered(expected, head, expected.length - tail, numbers);
  const to = numbered(said, head, said.length - tail, numbers);
  const { edits, substitutions } = fewestEdits(from, to, FIRST_BAND);
  // Of the edits that are no substitutions, insertions outnumber deletions by what the answer is longer.
  const others = edits - substitutions;
  const insertions = (others + to.length - from.length) / 2;
  return {
    reference: expected.length,
    substitutions,
    insertions: insertions + answer.length - said.length,
    deletions: others - insertions,
  };
}

/** Tokens as numbers, the same for the same token: they are compared faster. */
function numbered(
  tokens: readonly string[],
  start: number,
  end: number,
  numbers: Map<string, number>,
): Int32Array {
  const result = new Int32Array(end - start);
  for (let i = start; i < end; i++) {
    const token = tokens[i] ?? "";
    let number = numbers.get(token);
    if (number === undefined) numbers.set(token, (number = numbers.size));
    result[i - start] = number;
  }
  return result;
}

/** A table with more cells is not filled in one piece: some milliseconds of work. */
const MOST_CELLS = 1 << 20;

interface Fewest {
  edits: number;
  substitutions: number;
}

/** @param band how far from the diagonal to look first; the edits themselves where they are known */
function fewestEdits(from: Int32Array, to: Int32Array, band: number): Fewest {
  const longer = Math.max(from.length, to.length);
  if (from.length === 0 || to.length === 0) return { edits: longer, substitutions: 0 };
  for (let width = Math.max(band, Math.abs(from.length - to.length)); ; width *= 2) {
    if (from.length > 1 && from.length * Math.min(to.length, 2 * width + 1) > MOST_CELLS)
      return inHalves(from, to);
    const found = editsWithin(from, to, width);
    if (found.edits <= width || width >= longer) return found;
  }
}

/**
 * The edits of both halves of `from`, `to` parted where they are fewest together (D. S. Hirschberg, A linear space algorithm for computing
 * maximal common subsequences, 1975). Of several such places one is taken, so that of the ways to make the fewest edits it may not be
 * the one with the fewest substitutions.
 */
function inHalves(from: Int32Array, to: Int32Array): Fewest {
  const middle = from.length >> 1;
  const before = editsToPrefixes(from.subarray(0, middle), to);
  const after = editsToPrefixes(from.slice(middle).reverse(), to.slice().reverse());
  let at = 0;
  const editsAt = (j: number): number => (before[j] ?? 0) + (after[to.length - j] ?? 0);
  for (let j = 1; j <= to.length; j++) if (editsAt(j) < editsAt(at)) at = j;
  const first = fewestEdits(from.subarray(0, middle), to.subarray(0, at), before[at] ?? 0);
  const second = fewestEdits(from.subarray(middle), to.subarray(at), after[to.length - at] ?? 0);
  return {
    edits: first.edits + second.edits,
    substitutions: first.substitutions + second.substitutions,
  };
}

/**
 * The fewest edits from all of `from`, which is not empty, to each prefix of `to`: columns of the table as bits, 32 rows at a time (G. Myers,
 * A fast bit-vector algorithm for approximate string matching based on dynamic programming, 1999, in blocks).
 */
function editsToPrefixes(from: Int32Array, to: Int32Array): Int32Array {
  const blocks = Math.ceil(from.length / 32);
  const lastRow = 1 << ((from.length - 1) & 31);
  const places = new Map<number, number[]>();
  for (const [row, token] of from.entries()) {
    const rows = places.get(token);
    if (rows === undefined) places.set(token, [row]);
    else rows.push(row);
  }
  // Where a column rises and falls by one from row to row; it begins as 0, 1, 2 ...
  const rises = new Int32Array(blocks).fill(-1);
  const falls = new Int32Array(blocks);
  const equal = new Int32Array(blocks);
  const edits = new Int32Array(to.length + 1);
  let last = (edits[0] = from.length);
  for (let j = 0; j < to.length; j++) {
    const rows = places.get(to[j] ?? 0) ?? [];
    for (const row of rows) equal[row >> 5] = (equal[row >> 5] ?? 0) | (1 << (row & 31));
    // Above the first row the table rises by one with each column.
    let [rise, fall] = [1, 0];
    for (let block = 0; block < blocks; block++) {
      const same = equal[block] ?? 0;
      const up = rises[block] ?? 0;
      const down = falls[block] ?? 0;
      const vertical = same | down;
      const match = same | fall;
      const horizontal = (((match & up) + up) ^ up) | match;
      let right = down | ~(horizontal | up);
      let left = up & horizontal;
      if (block === blocks - 1) last += (right & lastRow ? 1 : 0) - (left & lastRow ? 1 : 0);
      const [nextRise, nextFall] = [right >>> 31, left >>> 31];
      right = (right << 1) | rise;
      left = (left << 1) | fall;
      rises[block] = left | ~(vertical | right);
      falls[block] = right & vertical;
      rise = nextRise;
      fall = nextFall;
    }
    for (const row of rows) equal[row >> 5] = 0;
    edits[j + 1] = last;
  }
  return edits;
}

/** One edit outweighs any number of substitutions, of which there are to be as few as the fewest edits allow. */
const EDIT = 2 ** 24;
const NEVER = 2 ** 52;

function editsWithin(from: Int32Array, to: Int32Array, band: number): Fewest {
  // One row, written over: `diagonal` keeps what stood one to the left in the row above.
  const row = new Float64Array(to.length + 2).fill(NEVER);
  for (let j = 0; j <= Math.min(band, to.length); j++) row[j] = j * EDIT;
  for (let i = 1; i <= from.length; i++) {
    const first = Math.max(1, i - band);
    const last = Math.min(to.length, i + band);
    const token = from[i - 1];
    let diagonal = row[first - 1] ?? NEVER;
    let left = first === 1 && i <= band ? i * EDIT : NEVER;
    row[first - 1] = left;
    for (let j = first; j <= last; j++) {
      const above = row[j] ?? NEVER;
      const changed = diagonal + (token === to[j - 1] ? 0 : EDIT + 1);
      const added = Math.min(left, above) + EDIT;
      left = changed < added ? changed : added;
      diagonal = above;
      row[j] = left;
    }
  }
  const cost = row[to.length] ?? NEVER;
  const edits = Math.floor(cost / EDIT);
  return { edits, substitutions: cost - edits * EDIT };
}

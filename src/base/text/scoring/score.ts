/** A transcript beside its reference: how many tokens were changed, put in and left out. */
import { readWords, spelledOut } from "../read-numbers.ts";
import { isWrittenNumber } from "../text.ts";
import { hanReadings } from "./han-numbers.ts";
import type { ScoringRules } from "./normalizers.ts";
import { scoredTokens } from "./normalizers.ts";

/** Edits that make an answer of its reference, in the unit of the rules that they were counted by. */
export interface EditCounts {
  /** Tokens of the reference, numbers read out as in the answer [N]. */
  reference: number;
  substitutions: number;
  insertions: number;
  deletions: number;
}

/**
 * Scores an answer by its reference: the fewest edits (Levenshtein), and of the ways to make them the one that keeps most tokens.
 * Numbers are read out the way the other text has them, so that "press 1" and "press one" are the same; a number that only one of the two
 * has counts digit by digit in English and in characters, and as one word elsewhere.
 */
export function scoreTranscript(reference: string, answer: string, rules: ScoringRules): EditCounts {
  const [expected, said] = tokenPair(reference, answer, rules);
  return countEdits(expected, said);
}

/** The tokens of both texts as they are compared, numbers read out. */
export function tokenPair(
  reference: string,
  answer: string,
  rules: ScoringRules,
): readonly [expected: readonly string[], said: readonly string[]] {
  const expected = scoredTokens(reference, rules);
  const said = scoredTokens(answer, rules);
  if (rules.normalizer === "none") return [expected, said];
  const saidRead = numbersRead(said, expected, rules);
  return [numbersRead(expected, saidRead, rules), saidRead];
}

function numbersRead(
  tokens: readonly string[],
  other: readonly string[],
  { normalizer, unit }: ScoringRules,
): readonly string[] {
  if (!tokens.some(isWrittenNumber)) return tokens;
  const characters = unit === "character" ? other.join("") : "";
  const readings = readWords(tokens, [other]);
  return tokens.flatMap((token, index): readonly string[] => {
    if (!isWrittenNumber(token)) return [token];
    if (unit === "character") {
      const han = hanReadings(token).find((reading) => characters.includes(reading));
      return Array.from(han ?? readings[index]?.join("") ?? token);
    }
    return readings[index] ?? (normalizer === "whisper-en" ? spelledOut(token) : [token]);
  });
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
  const { edits, substitutions } = fewestEdits(from, to);
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

interface Fewest {
  edits: number;
  substitutions: number;
}

function fewestEdits(from: Int32Array, to: Int32Array): Fewest {
  const longer = Math.max(from.length, to.length);
  if (from.length === 0 || to.length === 0) return { edits: longer, substitutions: 0 };
  for (let band = Math.max(FIRST_BAND, Math.abs(from.length - to.length)); ; band *= 2) {
    const found = editsWithin(from, to, band);
    if (found.edits <= band || band >= longer) return found;
  }
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

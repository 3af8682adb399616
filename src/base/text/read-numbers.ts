/** Numbers that were written with digits, read out the way another text of the same speech has them in words. */
import {
  decadeWords,
  digitOf,
  digitWords,
  isNumberWord,
  ordinalWords,
  tensOf,
  wholeNumber,
} from "./number-words.ts";
import { isWrittenNumber } from "./text.ts";

/** Digits, or words that may stand there. */
type Piece = string | { anyOf: readonly (readonly string[])[] };

/** Where a reading ends in the other text, and the words that were still to come when that text ended. */
interface Found {
  end: number;
  unheard: readonly string[];
}

/** A written number as another text has it. */
interface Reading {
  words: readonly string[];
  /** How many of the words that text has: fewer than all when it ends in the middle of the number. */
  matched: number;
  /** Where it ends in that text. */
  end: number;
  /** Whether that text ends with it, so that more may have been meant: "five" of "five dollars". */
  last: boolean;
}

const NONE: readonly string[] = [];

const CURRENCIES: Readonly<Record<string, { units: readonly string[]; parts: readonly string[] }>> = {
  $: { units: ["dollars", "dollar", "bucks"], parts: ["cents", "cent"] },
  "€": { units: ["euros", "euro"], parts: ["cents", "cent"] },
  "£": { units: ["pounds", "pound"], parts: ["pence", "p"] },
  "¥": { units: ["yen", "yuan"], parts: [] },
  "₹": { units: ["rupees", "rupee"], parts: ["paise"] },
};

const DENOMINATORS: Readonly<Record<string, readonly string[]>> = {
  2: ["half", "halves"],
  3: ["third", "thirds"],
  4: ["quarter", "quarters", "fourth", "fourths"],
  5: ["fifth", "fifths"],
  8: ["eighth", "eighths"],
  10: ["tenth", "tenths"],
};

/** What may be said between two groups of digits, or not. */
const BETWEEN = [
  "point",
  "dot",
  "comma",
  "slash",
  "over",
  "of",
  "and",
  "to",
  "oh",
  "komma",
  "coma",
  "virgule",
  "punkt",
  "点",
];

const MULTIPLES: Readonly<Record<string, number>> = { double: 2, triple: 3 };

/** The longest spoken whole number that is looked for, in words. */
const LONGEST_NUMBER = 18;

/** Further on than this in the other text a number is not looked for: time must not grow with the square of a long text. */
const SEARCHED_WORDS = 160;
/** Longer ones are no numbers; they are read digit by digit. */
const LONGEST_DIGITS = 40;

/**
 * Reads out the numbers in a list of spoken words. "1234" may be one two three four, twelve thirty four or one thousand two hundred
 * thirty four: it is read the way the first of the other texts has it that has it at all, and digit by digit when none has. So
 * "one two three" that becomes "123" has not changed, and neither has "1 2" that becomes "12".
 *
 * @param words as `spokenWords` gives them
 * @param others texts of the same speech as lists of words, the most telling first
 */
export function readNumbers(
  words: readonly string[],
  ...others: readonly (readonly string[])[]
): readonly string[] {
  return words.some(isWrittenNumber)
    ? readWords(words, others).flatMap((reading, index) => reading ?? spelledOut(words[index] ?? ""))
    : words;
}

/**
 * The same word by word: a reading of one or more words for each, undefined for a written number that no other text has.
 */
export function readWords(
  words: readonly string[],
  others: readonly (readonly string[])[],
): (readonly string[] | undefined)[] {
  const cursors = others.map(() => 0);
  return words.map((word, position) => {
    if (!isWrittenNumber(word)) return [word];
    if (word.length > LONGEST_DIGITS) return undefined;
    const readings = readingsOf(word);
    let best: Reading | undefined;
    for (const [index, other] of others.entries()) {
      const from = Math.max(cursors[index] ?? 0, position - SEARCHED_WORDS / 2);
      const heard = findReading(readings, other, from);
      if (heard === undefined) continue;
      cursors[index] = heard.end;
      if (best === undefined || goesOn(best, heard)) best = heard;
      if (!best.last) break;
    }
    return best?.words;
  });
}

function goesOn(reading: Reading, longer: Reading): boolean {
  return (
    longer.words.length > reading.words.length &&
    reading.words.every((word, index) => index >= reading.matched || word === longer.words[index])
  );
}

/** Whether two texts say the same, whichever of them writes numbers with digits. */
export function sameWords(one: readonly string[], other: readonly string[]): boolean {
  const a = readNumbers(one, other);
  const b = readNumbers(other, a);
  return a.length === b.length && a.every((word, index) => word === b[index]);
}

/** A written number without another text to go by: digit by digit, ordinals and decades as such. */
export function spelledOut(word: string): string[] {
  const digits = word.replace(/[^0-9]/g, "");
  if (/(?:st|nd|rd|th)$/.test(word)) return ordinalWords(digits) ?? digitWords(digits);
  if (word.endsWith("s")) return decadeWords(digits) ?? digitWords(digits);
  const scale = / [a-z]+/.exec(word)?.[0].trim();
  return [...digitWords(digits), ...(scale === undefined ? [] : [scale])];
}

function optional(...words: readonly string[]): Piece {
  return { anyOf: [...words.map((word) => [word]), []] };
}

/** The ways to say a written number, as pieces in order. */
function readingsOf(word: string): Piece[][] {
  const [, currency = "", number = "", suffix = "", scale = "", after = ""] =
    /^-?([^0-9]?) ?([0-9.,:/]+)(st|nd|rd|th|s)?(?: ([a-z]+))? ?(.?)$/u.exec(word) ?? [];
  const groups = number.split(/[.,:/]/);
  const whole = groups.join("");
  const minus: Piece[] = word.startsWith("-") ? [optional("minus", "negative")] : [];
  if (suffix !== "") {
    const said = suffix === "s" ? decadeWords(whole) : ordinalWords(whole);
    if (said === undefined) return [[whole]];
    const withAnd = said.flatMap((one, index) =>
      said[index - 1] === "hundred" || said[index - 1] === "thousand" ? ["and", one] : [one],
    );
    return [[{ anyOf: [said, withAnd] }]];
  }
  const units = CURRENCIES[currency] ?? CURRENCIES[after];
  const end: Piece[] = [
    ...(scale === "" ? [] : [{ anyOf: [[scale]] }]),
    ...(units === undefined ? [] : [optional(...units.units)]),
    ...(after === "%" ? [{ anyOf: [["percent"], ["per", "cent"], []] }] : []),
  ];
  const wrapped = (pieces: Piece[]): Piece[] => [...minus, ...pieces, ...end];
  const readings: Piece[][] = [];
  if (groups.length > 1) {
    if (/^[0-9]{1,3}(?:[,.][0-9]{3})+$/.test(number)) readings.push(wrapped([whole]));
    const [first = "", second = ""] = groups;
    if (units !== undefined && groups.length === 2) {
      readings.push([
        ...minus,
        first,
        optional(...units.units),
        optional("and"),
        second,
        optional(...units.parts),
      ]);
    }
    if (/^[0-9]+\/[0-9]+$/.test(number)) {
      const names = (DENOMINATORS[second] ?? []).map((name) => [name]);
      if (first === "1") readings.push(wrapped([{ anyOf: [["a"], ["one"]] }, { anyOf: names }]));
      readings.push(wrapped([first, { anyOf: names }]));
    }
    readings.push(
      wrapped(groups.flatMap((group, index) => (index === 0 ? [group] : [optional(...BETWEEN), group]))),
    );
    // Whole hours and whole amounts: 3:00, $5.00, 1,234.00.
    if (/[:.]00$/.test(number)) {
      readings.push(wrapped([groups.slice(0, -1).join(""), { anyOf: [["o'clock"], ["o", "clock"], []] }]));
    }
    // A comma for thousands and a point for the rest, or the other way round.
    if (groups.length > 2)
      readings.push(wrapped([groups.slice(0, -1).join(""), optional(...BETWEEN), groups.at(-1) ?? ""]));
  } else readings.push(wrapped([whole]));
  return readings;
}

function findReading(
  readings: readonly (readonly Piece[])[],
  other: readonly string[],
  from: number,
): Reading | undefined {
  let open: Reading | undefined;
  for (let step = 0; step < Math.min(other.length, SEARCHED_WORDS); step++) {
    const start = (from + step) % other.length;
    for (const pieces of readings) {
      const found = match(pieces, 0, other, start);
      if (found === undefined || found.end === start) continue;
      const words = other.slice(start, found.end);
      const last = found.end === other.length;
      if (found.unheard.length === 0) return { words, matched: words.length, end: found.end, last };
      open ??= { words: [...words, ...found.unheard], matched: words.length, end: found.end, last };
    }
  }
  return open;
}

/** How the pieces from `index` on are said in the words from `at` on; undefined when they are not. */
function match(
  pieces: readonly Piece[],
  index: number,
  words: readonly string[],
  at: number,
): Found | undefined {
  const piece = pieces[index];
  if (piece === undefined) return { end: at, unheard: NONE };
  if (typeof piece === "string") {
    for (const { end, digits } of digitsAt(piece, words, at)) {
      if (digits !== "")
        return { end, unheard: [...digitWords(digits), ...spelled(pieces.slice(index + 1))] };
      const rest = match(pieces, index + 1, words, end);
      if (rest !== undefined) return rest;
    }
    return undefined;
  }
  for (const said of piece.anyOf) {
    if (!said.every((word, offset) => words[at + offset] === word)) continue;
    const rest = match(pieces, index + 1, words, at + said.length);
    if (rest !== undefined) return rest;
  }
  return at === words.length ? { end: at, unheard: spelled(pieces.slice(index)) } : undefined;
}

/** Pieces without another text to go by; what may be left out is. */
function spelled(pieces: readonly Piece[]): string[] {
  return pieces.flatMap((piece) => {
    if (typeof piece === "string") return digitWords(piece);
    return piece.anyOf.some((said) => said.length === 0) ? [] : (piece.anyOf[0] ?? []);
  });
}

/**
 * All ways in which the words from `at` on say the digits, with the digits left over where the words end: as whole numbers, in groups,
 * one by one, "double five".
 */
function* digitsAt(
  digits: string,
  words: readonly string[],
  at: number,
): Generator<{ end: number; digits: string }> {
  const word = words[at];
  if (digits === "" || word === undefined) {
    yield { end: at, digits };
    return;
  }
  // One word is left to `digitOf`, unless it is more than a digit: the same way twice would double the work at each digit.
  let last = at;
  while (last < words.length && last < at + LONGEST_NUMBER && isNumberWord(words[last])) last++;
  for (let end = last; end > at; end--) {
    if (end === at + 1 && digitOf(word) !== undefined) continue;
    const number = wholeNumber(words.slice(at, end));
    if (number !== undefined && digits.startsWith(number))
      yield* digitsAt(digits.slice(number.length), words, end);
  }
  const digit = digitOf(word);
  if (digit !== undefined && digits.startsWith(digit)) yield* digitsAt(digits.slice(1), words, at + 1);
  const times = MULTIPLES[word];
  const repeated = times === undefined ? undefined : digitOf(words[at + 1])?.repeat(times);
  if (repeated !== undefined && digits.startsWith(repeated)) {
    yield* digitsAt(digits.slice(repeated.length), words, at + 2);
  }
  // The other text ends in the middle of a number: "twenty" that goes on as 23.
  const tens = at === words.length - 1 ? tensOf(word) : undefined;
  if (tens !== undefined && digits.startsWith(tens) && digits.length > 1)
    yield { end: at + 1, digits: digits.slice(1) };
}

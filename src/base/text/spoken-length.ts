/** How long texts are as speech, to tell an answer that was cut short from one that was written otherwise. */
import { readWords } from "./read-numbers.ts";
import { isCharacter, isWrittenNumber } from "./text.ts";

/** The shortest and the longest way to say a text, in words or in characters. */
interface Length {
  least: number;
  most: number;
}

export interface SpokenShare {
  /** Length of the answer / length of the reference, at the least: no way of reading numbers makes it smaller. */
  share: number;
  said: number;
  expected: number;
  unit: "words" | "characters";
}

/** What a length is measured in, which is the same for both texts. */
interface Scale {
  unit: SpokenShare["unit"];
  /** The reference has kana: a Chinese character of the answer may stand for two or more of them. */
  kana: boolean;
  /** The reference has a code: digits are read one by one. */
  digitwise: boolean;
}

/** Some languages say six digits in one word. */
const DIGITS_A_WORD = 6;

/**
 * How much of a reference an answer covers, by its length alone. Where digits may be read in several ways, the way that covers most
 * counts, and both texts are read in the same way. References in a script without blanks, or in Korean, where blanks vary, are
 * measured in characters.
 *
 * @param answer, reference as `spokenWords` gives them; the reference not empty
 */
export function spokenShare(answer: readonly string[], reference: readonly string[]): SpokenShare {
  const unit = reference.some(isCharacter) || reference.some(isHangul) ? "characters" : "words";
  const scale: Scale = {
    unit,
    kana: unit === "characters" && reference.some(isKana),
    digitwise: reference.some(isCode),
  };
  const expected = lengthOf(reference, answer, scale);
  const said = lengthOf(answer, reference, scale);
  const [least, most] = [said.least / expected.least, said.most / expected.most];
  const [share, form] = least > most ? ([least, "least"] as const) : ([most, "most"] as const);
  return { share, said: said[form], expected: expected[form], unit };
}

function lengthOf(words: readonly string[], other: readonly string[], scale: Scale): Length {
  const length = { least: 0, most: 0 };
  const readings = words.some(isWrittenNumber) ? readWords(words, [other]) : undefined;
  if (readings === undefined && scale.unit === "words") return { least: words.length, most: words.length };
  for (const [index, word] of words.entries()) {
    const reading = readings?.[index] ?? word;
    for (const one of typeof reading === "string" ? [reading] : reading) {
      const { least, most } = isWrittenNumber(one) ? numberLength(one, scale) : wordLength(one, scale);
      length.least += least;
      length.most += most;
    }
  }
  return length;
}

function wordLength(word: string, { unit, kana }: Scale): Length {
  if (unit === "words") return { least: 1, most: 1 };
  if (isCharacter(word)) return { least: 1, most: kana && !isKana(word) ? 2 : 1 };
  const letters = Array.from(word).length;
  return isHangul(word) ? { least: letters, most: letters } : { least: 1, most: letters };
}

/** "200000" is one word in German, three in English, and six when it is spelled. */
function numberLength(written: string, { digitwise }: Scale): Length {
  const digits = written.replace(/[^0-9]/g, "").length;
  const significant = written.replace(/[^0-9]/g, "").replace(/(?<!0)0+$/, "").length;
  const symbols = /[^0-9.,:/ ]/.test(written) ? 2 : 0;
  return {
    least: Math.max(1, Math.ceil(significant / DIGITS_A_WORD)),
    most: (digitwise || isCode(written) ? digits : 2 * digits) + symbols,
  };
}

/** A long row of digits without a separator is spelled; other numbers may take two words a digit: quatre-vingt-dix-neuf. */
function isCode(word: string): boolean {
  return word.length > DIGITS_A_WORD && /^[0-9]+$/.test(word);
}

function isHangul(word: string): boolean {
  return word.charCodeAt(0) >= 0x1100 && /\p{Script=Hangul}/u.test(word);
}

function isKana(word: string): boolean {
  return /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word);
}

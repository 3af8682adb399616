/**
 * The one way in which text is taken apart, for everything that counts or compares words: failure classes, stability of partials,
 * word times, transcripts of two servers.
 */

/**
 * Scripts that are written without blanks between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese and their neighbours. They are
 * taken character by character, since word boundaries found by a dictionary move while a text grows ("今天天" is cut otherwise
 * than "今天天气") and with the punctuation around it.
 */
const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Bopomofo}\\p{Script=Yi}\\p{Script=Thai}\\p{Script=Lao}" +
  "\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tai_Tham}\\p{Script=New_Tai_Lue}\\p{Script=Tai_Le}\\p{Script=Tai_Viet}" +
  "\\p{Script=Javanese}\\p{Script=Balinese}\\u30FC";

/** `$1,234.50`, `10 %`, `3:30`, `2nd`, `1990s`, `$2 million`: what was written with digits stays together. */
const NUMBER =
  "(?:(?<![^\\s(])-)?(?:[CURRENCY] ?)?[0-9]+(?:[.,:/][0-9]+)*" +
  "(?:(?:st|nd|rd|th|s)(?![a-z'])|(?: (?:hundred|thousand|million|billion|trillion)(?![a-z']))?(?: ?[%CURRENCY](?! ?[0-9]))?)";

const ASCII_NUMBER = NUMBER.replaceAll("CURRENCY", "$");
const UNICODE_NUMBER = NUMBER.replaceAll("CURRENCY", "\\p{Sc}");

const ASCII_WORDS = /[a-z]+(?:'[a-z]+)*/g;
const ASCII_WORDS_AND_NUMBERS = new RegExp(`${ASCII_NUMBER}|[a-z]+(?:'[a-z]+)*`, "g");

const LETTER = `(?![${UNSPACED}])[\\p{L}\\p{Nl}\\p{No}]`;
const FOLLOWING = `(?![${UNSPACED}])[\\p{L}\\p{M}\\p{Nl}\\p{No}]`;
const PART = `${LETTER}(?:${FOLLOWING})*`;
const UNICODE_WORDS = new RegExp(
  `${UNICODE_NUMBER}|(?=[${UNSPACED}])[\\p{L}\\p{M}\\p{N}]|${PART}(?:'${PART})*`,
  "gu",
);

/** The same for text in which every script has blanks, which is most: three times as fast. */
const SPACED_PART = "[\\p{L}\\p{Nl}\\p{No}][\\p{L}\\p{M}\\p{Nl}\\p{No}]*";
const SPACED_WORDS = new RegExp(`${UNICODE_NUMBER}|${SPACED_PART}(?:'${SPACED_PART})*`, "gu");
const HAS_UNSPACED = new RegExp(`[${UNSPACED}]`, "u");

const UNSPACED_UNIT = new RegExp(`^[${UNSPACED}]$`, "u");

/** Thai is the first of these scripts in Unicode. */
const FIRST_UNSPACED = 0xe00;

const NOT_ASCII = /[^\x00-\x7f]/;

/**
 * Spoken words of a text, so that "Please hold, Mr. Brown." and "please hold mr brown" are the same: case folded, punctuation dropped
 * except apostrophes inside words. Characters that are not seen (soft hyphens, joiners, bidi marks) are dropped too. A script without
 * blanks gives one entry a character. A number that was written with digits is one entry as written; `readNumbers` reads it out.
 *
 * Text that grows by whole words gives a list that grows, but for numbers: "$2" may become "$2 million".
 */
export function spokenWords(text: string): string[] {
  if (NOT_ASCII.test(text)) {
    const alike = folded(text);
    return alike.match(HAS_UNSPACED.test(alike) ? UNICODE_WORDS : SPACED_WORDS) ?? [];
  }
  const lower = text.toLowerCase();
  return lower.match(/[0-9]/.test(lower) ? ASCII_WORDS_AND_NUMBERS : ASCII_WORDS) ?? [];
}

/** Whether an entry of `spokenWords` was written with digits. No letter comes before "9" in any encoding of it. */
export function isWrittenNumber(word: string): boolean {
  const code = word.charCodeAt(0);
  return code < 0x3a || (code < 0x100 ? code >= 0xa2 && code <= 0xa5 : /^\p{Sc}/u.test(word));
}

/** Whether an entry of `spokenWords` is a character of a script without blanks. */
export function isCharacter(word: string): boolean {
  return word.charCodeAt(0) >= FIRST_UNSPACED && UNSPACED_UNIT.test(word);
}

/**
 * Case, width, compatibility forms and what is not seen, made alike. Upper case first: "ß" and "SS", "ς" and "σ" are the same letters to
 * a server that shouts.
 */
function folded(text: string): string {
  return (
    text
      // "2½" would become "21⁄2".
      .replace(/(?<=\d)[¼-¾⅐-⅞]/g, " $&")
      .normalize("NFKC")
      .replaceAll("\u2044", "/")
      // The zero-width space parts words, in Khmer above all; every other character that is not seen parts nothing.
      .replaceAll("\u200b", " ")
      .replace(/[\p{Default_Ignorable_Code_Point}\u00ad\u0640]/gu, "")
      .toUpperCase()
      .toLowerCase()
      .replaceAll("ς", "σ")
      .replaceAll("i\u0307", "i")
      .normalize("NFKC")
      .replace(/[’ʼʹ‘]/g, "'")
      // Marks inside words: Hebrew abbreviations (צה״ל), the Catalan l·l.
      .replace(/(?<=\p{Script=Hebrew})["'\u05f3\u05f4](?=\p{Script=Hebrew})/gu, "")
      .replace(/(?<=\p{L})[\u00b7\u0387](?=\p{L})/gu, "")
      .replace(/(?![0-9])\p{Nd}/gu, asciiDigit)
  );
}

/** Decimal digits of a script stand in a row from zero to nine, and rows begin at the first. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(code - before - 1))) before++;
  return String(before % 10);
}

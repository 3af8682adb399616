/** The words of texts that servers send, remembered: one says much the same whenever it hears the same clip. */
import { readNumbers } from "../../base/text/read-numbers.ts";
import { isWrittenNumber, spokenWords } from "../../base/text/text.ts";

const TEXTS_KEPT = 4096;
const wordsByText = new Map<string, readonly string[]>();
/** Lists with numbers written in digits: few, so that the others need not be searched for them each time. */
const numbered = new WeakSet<readonly string[]>();

/**
 * The spoken words of a text, numbers as written.
 *
 * @param before a text that it may continue, as partials do, and its words: then only what is new is taken apart
 */
export function heardWords(
  text: string,
  before?: { text: string; heard: readonly string[] },
): readonly string[] {
  const known = wordsByText.get(text);
  if (known !== undefined) return known;
  const words =
    before !== undefined && text.startsWith(`${before.text} `) && !mayGoOn(before)
      ? [...before.heard, ...spokenWords(text.slice(before.text.length))]
      : spokenWords(text);
  if (words.some(isWrittenNumber)) numbered.add(words);
  if (wordsByText.size >= TEXTS_KEPT) wordsByText.clear();
  wordsByText.set(text, words);
  return words;
}

/** A number may take in what comes after it: "$2" and "million", "10" and "%". */
function mayGoOn({ text, heard }: { text: string; heard: readonly string[] }): boolean {
  const last = heard.at(-1);
  return last !== undefined && (isWrittenNumber(last) || !/[\p{L}\p{M}]/u.test(text.slice(-1)));
}

/** Words of `heardWords` with the numbers read out as in the first of the other texts that has them (`readNumbers`). */
export function numbersRead(
  heard: readonly string[],
  ...others: readonly (readonly string[])[]
): readonly string[] {
  return numbered.has(heard) ? readNumbers(heard, ...others) : heard;
}

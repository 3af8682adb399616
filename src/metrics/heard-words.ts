/** The words of texts that servers send, remembered: one says much the same whenever it hears the same clip. */
import { spokenWords } from "../base/text.ts";

const TEXTS_KEPT = 4096;
const wordsByText = new Map<string, readonly string[]>();

/**
 * The spoken words of a text.
 *
 * @param before a text that it may continue, as partials do, and its words: then only what is new is taken apart
 */
export function heardWords(
  text: string,
  before?: { text: string; words: readonly string[] },
): readonly string[] {
  const known = wordsByText.get(text);
  if (known !== undefined) return known;
  const words =
    before !== undefined && text.startsWith(`${before.text} `)
      ? [...before.words, ...spokenWords(text.slice(before.text.length))]
      : spokenWords(text);
  if (wordsByText.size >= TEXTS_KEPT) wordsByText.clear();
  wordsByText.set(text, words);
  return words;
}

/** What a listener read while a session went on: the growing, changing text of each segment up to its final. */
import { spokenWords } from "../base/text.ts";
import { hasText } from "./moments.ts";
import type { Observation } from "./observation.ts";

/** A text that was shown. */
export interface Hypothesis {
  /** When it came [R_j]. */
  atMs: number;
  words: readonly string[];
}

/**
 * What one final closed: its hypotheses h_1 ... h_m in order of time, m = the final. Repetitions and blank partials change
 * nothing that is read and are left out; a blank final takes back all that was shown.
 */
export interface Segment {
  /** Without the final; empty when it came unannounced. */
  partials: readonly Hypothesis[];
  final: Hypothesis;
}

/**
 * Keeps the last result: the metrics of one session are taken one after the other, and its record is written right after.
 */
export function remembered<T>(of: (observation: Observation) => T): (observation: Observation) => T {
  let last: { observation: Observation; value: T } | undefined;
  return (observation) => {
    if (last?.observation !== observation) last = { observation, value: of(observation) };
    return last.value;
  };
}

/** The segments of a session. Partials that no final followed belong to none. */
export const segmentsOf: (observation: Observation) => readonly Segment[] = remembered(({ responses }) => {
  const segments: Segment[] = [];
  let partials: Hypothesis[] = [];
  let text = "";
  let words: readonly string[] = [];
  for (const response of responses) {
    if (!response.final && (response.text === text || !hasText(response))) continue;
    words = wordsOf(response.text, text, words);
    text = response.text;
    const hypothesis = { atMs: response.atMs, words };
    if (!response.final) {
      partials.push(hypothesis);
      continue;
    }
    segments.push({ partials, final: hypothesis });
    partials = [];
    text = "";
    words = [];
  }
  return segments;
});

/** Texts kept apart in words: a server says much the same whenever it hears the same clip. */
const TEXTS_KEPT = 4096;
const wordsByText = new Map<string, readonly string[]>();

/** Words of a text that usually is the one before with more at its end: only what is new is taken apart. */
function wordsOf(text: string, before: string, wordsBefore: readonly string[]): readonly string[] {
  const known = wordsByText.get(text);
  if (known !== undefined) return known;
  const grown = before !== "" && text.startsWith(before) && text[before.length] === " ";
  const words = grown ? [...wordsBefore, ...spokenWords(text.slice(before.length))] : spokenWords(text);
  if (wordsByText.size >= TEXTS_KEPT) wordsByText.clear();
  wordsByText.set(text, words);
  return words;
}

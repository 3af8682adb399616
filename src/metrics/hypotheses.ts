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

/** The same for one observation each time, computed once: several metrics read it. */
export function remembered<T extends object>(
  of: (observation: Observation) => T,
): (observation: Observation) => T {
  const known = new WeakMap<Observation, T>();
  return (observation) => {
    let value = known.get(observation);
    if (value === undefined) known.set(observation, (value = of(observation)));
    return value;
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

/** Words of a text that usually is the one before with more at its end: only what is new is taken apart. */
function wordsOf(text: string, before: string, wordsBefore: readonly string[]): readonly string[] {
  if (text === before) return wordsBefore;
  const grown = before !== "" && text.startsWith(before) && text[before.length] === " ";
  return grown ? [...wordsBefore, ...spokenWords(text.slice(before.length))] : spokenWords(text);
}

/** What a listener read while a session went on: the growing, changing text of each segment up to its final. */
import { heardWords } from "./heard-words.ts";
import { hasText } from "./moments.ts";
import type { Observation } from "./observation.ts";

/** A text that was shown. */
export interface Hypothesis {
  /** When it came [R_j]. */
  atMs: number;
  text: string;
  words: readonly string[];
}

/** What is shown before anything was said. */
const NOTHING: Hypothesis = { atMs: NaN, text: "", words: [] };

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
  let shown = NOTHING;
  for (const response of responses) {
    const { atMs, final, text } = response;
    if (!final && (text === shown.text || !hasText(response))) continue;
    shown = { atMs, text, words: heardWords(text, shown) };
    if (!final) {
      partials.push(shown);
      continue;
    }
    segments.push({ partials, final: shown });
    partials = [];
    shown = NOTHING;
  }
  return segments;
});

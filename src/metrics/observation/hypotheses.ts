/** What a listener read while a session went on: the growing, changing text of each segment up to its final. */
import { heardWords, numbersRead } from "./heard-words.ts";
import { hasText } from "./moments.ts";
import type { Observation } from "./observation.ts";
import { remembered } from "./remembered.ts";

/** A text that was shown. */
export interface Hypothesis {
  /** When it came [R_j]. */
  atMs: number;
  text: string;
  /** Spoken words, numbers as written. */
  heard: readonly string[];
  /** The same with numbers read out: as in the hypothesis before, else as in the reference. */
  words: readonly string[];
}

/** What is shown before anything was said. */
const NOTHING: Hypothesis = { atMs: NaN, text: "", heard: [], words: [] };

/**
 * What one final closed: its hypotheses h_1 ... h_m in order of time, m = the final. Repetitions and blank partials change
 * nothing that is read and are left out; a blank final takes back all that was shown.
 */
export interface Segment {
  /** Without the final; empty when it came unannounced. */
  partials: readonly Hypothesis[];
  final: Hypothesis;
}

/** The segments of a session. Partials that no final followed belong to none. */
export const segmentsOf: (observation: Observation) => readonly Segment[] = remembered(
  ({ clip, responses }) => {
    const reference = heardWords(clip.text ?? "");
    const segments: Segment[] = [];
    let partials: Hypothesis[] = [];
    let shown = NOTHING;
    for (const response of responses) {
      const { atMs, final, text } = response;
      if (!final && (text === shown.text || !hasText(response))) continue;
      const heard = heardWords(text, shown);
      shown = { atMs, text, heard, words: numbersRead(heard, shown.words, reference) };
      if (!final) {
        partials.push(shown);
        continue;
      }
      segments.push({ partials, final: shown });
      partials = [];
      shown = NOTHING;
    }
    return segments;
  },
);

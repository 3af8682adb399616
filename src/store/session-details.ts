/** What a comparison needs of single sessions: their values of one metric, and what was understood of each clip. */
import { sameWords } from "../base/text/read-numbers.ts";
import { spokenWords } from "../base/text/text.ts";
import { metricNamed } from "../metrics/catalogue/catalogue.ts";
import { valuesOf } from "../metrics/catalogue/values-by-name.ts";
import type { Observation } from "../metrics/observation/observation.ts";
import { recordedSessions } from "../metrics/result/stored-sessions.ts";
import { recordFiles } from "./run-folder.ts";

export interface SessionDetails {
  /** Of the sessions of the window, for the metric asked for. */
  values: number[];
  /** By clip: each transcript (spoken words) of completed sessions and how often it came. */
  transcripts: Map<string, Map<string, number>>;
}

/** The completed sessions of a run's window; none where it has no records. */
export async function* completedSessions(folder: string): AsyncGenerator<Observation> {
  for await (const session of recordedSessions(recordFiles(folder))) {
    if (session.phase === "steady" && session.outcome?.ok === true) yield session;
  }
}

/** Of a run folder; empty where it has no records. */
export async function sessionDetails(folder: string, name: string): Promise<SessionDetails> {
  const metric = metricNamed(name);
  const details: SessionDetails = { values: [], transcripts: new Map() };
  for await (const session of completedSessions(folder)) {
    if (metric !== undefined) for (const value of valuesOf(metric, session)) details.values.push(value);
    const finals = session.responses.filter(({ final }) => final).map(({ text }) => text);
    const words = spokenWords(finals.join(" ")).join(" ");
    const heard = details.transcripts.get(session.clip.id) ?? new Map<string, number>();
    details.transcripts.set(session.clip.id, heard.set(words, (heard.get(words) ?? 0) + 1));
  }
  return details;
}

/** A clip that the two sides understood differently. */
export interface TranscriptDifference {
  clip: string;
  /** The commonest transcript of each side, and in how many of its sessions it came. */
  baseline: { text: string; times: number; of: number };
  candidate: { text: string; times: number; of: number };
}

/** Clips whose commonest transcripts differ, in the order of their names. */
export function transcriptDifferences(
  baseline: readonly SessionDetails[],
  candidate: readonly SessionDetails[],
): TranscriptDifference[] {
  const before = merged(baseline);
  const after = merged(candidate);
  return [...before]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([clip, texts]) => {
      const others = after.get(clip);
      if (others === undefined) return [];
      const one = { clip, baseline: commonest(texts), candidate: commonest(others) };
      const same = sameWords(spokenWords(one.baseline.text), spokenWords(one.candidate.text));
      return same ? [] : [one];
    });
}

function merged(details: readonly SessionDetails[]): Map<string, Map<string, number>> {
  const all = new Map<string, Map<string, number>>();
  for (const { transcripts } of details) {
    for (const [clip, texts] of transcripts) {
      const known = all.get(clip) ?? new Map<string, number>();
      all.set(clip, known);
      for (const [text, times] of texts) known.set(text, (known.get(text) ?? 0) + times);
    }
  }
  return all;
}

function commonest(texts: ReadonlyMap<string, number>): TranscriptDifference["baseline"] {
  let best: [text: string, times: number] = ["", 0];
  let of = 0;
  for (const [text, times] of texts) {
    of += times;
    if (times > best[1]) best = [text, times];
  }
  return { text: best[0], times: best[1], of };
}

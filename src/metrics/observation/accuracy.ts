/** Transcript accuracy, added up by clip: whole counts, so that workers, stages and runs add up without loss. */
import { defined } from "../../base/defined.ts";
import type { FailureExample } from "../../base/outcome.ts";
import { exampleOf } from "../../base/outcome.ts";
import type { NormalizerName, ScoredUnit, ScoringRules } from "../../base/text/scoring/normalizers.ts";
import type { EditCounts } from "../../base/text/scoring/edits.ts";
import { scoreTranscript } from "../../base/text/scoring/score.ts";
import { isSpoiled } from "./counts.ts";
import type { ClipFacts, Observation } from "./observation.ts";

/** The transcripts of one clip, added up over its sessions. All lengths are in `unit`s. */
export interface ClipAccuracy extends EditCounts {
  clip: string;
  unit: ScoredUnit;
  normalizer: NormalizerName;
  /** Completed sessions, which the edits and `reference` are of. */
  sessions: number;
  /** Sessions that failed by neither the generator nor their caller, and the length of what they should have answered, numbers digit by digit. */
  failed: number;
  failedReference: number;
  /** Sessions with an unloaded answer to compare with, failed ones too; and those that answered the same. */
  compared: number;
  same: number;
  /** The answer with the most edits; absent where no answer has any. */
  worst?: WorstAnswer;
}

/** An answer with its edits, beside what was said. */
export interface WorstAnswer extends FailureExample {
  edits: number;
}

/** An answer is shown word by word beside what was said: half a minute of speech whole. */
const LONGEST_ANSWER = 600;

/** The parts of a session that its accuracy follows from. */
export type Transcribed = Pick<Observation, "clip" | "outcome" | "cutShort" | "faults" | "responses">;

/** Texts of more characters together take longer to score than a thread that sends audio has. */
const LONG_TEXTS = 4000;

/** True for a session that is to be scored when nothing is timed any more: an hour's transcript with many errors takes some 100 ms. */
export function isLong(session: Transcribed): boolean {
  const { text } = session.clip;
  return text !== undefined && text.length + finalText(session).length > LONG_TEXTS;
}

/** Only what `addSession` needs of a session, and none of its stamps and word times. */
export function transcribed({ clip, outcome, cutShort, faults, responses }: Transcribed): Transcribed {
  const finals = responses.flatMap(({ atMs, final, text }) => (final ? [{ atMs, final, text }] : []));
  return { clip, cutShort, responses: finals, ...defined({ outcome, faults }) };
}

/** Adds what one session says; nothing where there is no reference, or where its audio was changed on purpose. */
export function addSession(byClip: Map<string, ClipAccuracy>, observation: Transcribed): void {
  const { clip, outcome, cutShort, faults } = observation;
  const { scoring, text } = clip;
  if (scoring === undefined || text === undefined || outcome === undefined || cutShort) return;
  if (faults?.mute !== undefined || (faults?.lost?.length ?? 0) > 0) return;
  if (isSpoiled(outcome)) return;
  const total = byClip.get(clip.id) ?? emptyAccuracy(clip.id, scoring);
  byClip.set(clip.id, total);
  if (clip.unloaded !== undefined) total.compared++;
  if (!outcome.ok) {
    total.failed++;
    total.failedReference += scored(clip, text, "").reference;
    return;
  }
  const answer = finalText(observation);
  const counts = scored(clip, text, answer);
  total.sessions++;
  addEdits(total, counts);
  if (clip.unloaded !== undefined && editsOf(scored(clip, clip.unloaded, answer)) === 0) total.same++;
  const edits = editsOf(counts);
  if (edits > 0) keepWorst(total, { edits, ...exampleOf(text, answer, LONGEST_ANSWER) });
}

/** Adds `other` to the entry of its clip. */
export function addAccuracy(byClip: Map<string, ClipAccuracy>, other: ClipAccuracy): void {
  const total = byClip.get(other.clip);
  if (total === undefined) {
    byClip.set(other.clip, { ...other });
    return;
  }
  addEdits(total, other);
  total.sessions += other.sessions;
  total.failed += other.failed;
  total.failedReference += other.failedReference;
  total.compared += other.compared;
  total.same += other.same;
  if (other.worst !== undefined) keepWorst(total, other.worst);
}

/** Substitutions, insertions and deletions together. */
export function editsOf({ substitutions, insertions, deletions }: EditCounts): number {
  return substitutions + insertions + deletions;
}

/**
 * Errors and reference length of a clip with its failed sessions as deleted. A failed session has as many words as the clip's completed
 * ones on average, whose numbers are read out as the answers have them; `failedReference` only counts where none completed.
 */
export function withFailures(clip: ClipAccuracy): [errors: number, reference: number] {
  const { failed, failedReference, sessions, reference } = clip;
  const lost = sessions === 0 ? failedReference : (failed * reference) / sessions;
  return [editsOf(clip) + lost, reference + lost];
}

/** All that the server finally said in a session. */
export function finalText({ responses }: Pick<Observation, "responses">): string {
  return responses.flatMap(({ final, text }) => (final && text.trim() !== "" ? [text.trim()] : [])).join(" ");
}

function emptyAccuracy(clip: string, { unit, normalizer }: ScoringRules): ClipAccuracy {
  const none = { reference: 0, substitutions: 0, insertions: 0, deletions: 0 };
  return {
    clip,
    unit,
    normalizer,
    ...none,
    sessions: 0,
    failed: 0,
    failedReference: 0,
    compared: 0,
    same: 0,
  };
}

function addEdits(total: EditCounts, counts: EditCounts): void {
  total.reference += counts.reference;
  total.substitutions += counts.substitutions;
  total.insertions += counts.insertions;
  total.deletions += counts.deletions;
}

/** The same whichever worker said it first: of answers with as many edits, the first by its letters. */
function keepWorst(total: ClipAccuracy, answer: WorstAnswer): void {
  const { worst } = total;
  const worse =
    worst === undefined ||
    answer.edits > worst.edits ||
    (answer.edits === worst.edits && answer.answer < worst.answer);
  if (worse) total.worst = answer;
}

const TEXTS_KEPT = 16;
/** A server says much the same whenever it hears the same clip. */
const known = new WeakMap<ClipFacts, Map<string, EditCounts>>();

function scored(clip: ClipFacts, reference: string, answer: string): EditCounts {
  let counts = known.get(clip);
  if (counts === undefined) known.set(clip, (counts = new Map<string, EditCounts>()));
  const key = reference === clip.text ? answer : `${reference}\0${answer}`;
  let found = counts.get(key);
  if (found === undefined) {
    if (counts.size >= TEXTS_KEPT) counts.clear();
    found = scoreTranscript(reference, answer, clip.scoring ?? { normalizer: "basic", unit: "word" });
    counts.set(key, found);
  }
  return found;
}

/**
 * The harness's own judgement of a session that the transport calls good: did the generator keep its pace, and did the
 * server say what was to be said?
 */
import type { Failure, FailureClass, FailureOrigin, FailurePhase } from "../../base/outcome.ts";
import { exampleOf } from "../../base/outcome.ts";
import { spokenShare } from "../../base/text/spoken-length.ts";
import { heardWords } from "./heard-words.ts";
import { hasText, lastFinal } from "./moments.ts";
import { type Observation, plannedSendMs } from "./observation.ts";

/** A chunk is late beyond the larger of 5 ms and a tenth of a chunk. */
export function latenessLimitMs(chunkMs: number): number {
  return Math.max(5, chunkMs / 10);
}

/** Share of a session's chunks that may be late before the session is the generator's failure. */
const LATE_CHUNKS_ALLOWED = 0.05;

/** An utterance with less speech than this may be answered by its final alone: servers work in steps of up to a second. */
const PARTIAL_EXPECTED_FROM_MS = 2000;

/** Which answers fail a session: `scoring.failures` of a scenario. */
export interface FailureScoring {
  /** An answer shorter than this share of its reference was cut; "off" = any length will do. */
  readonly truncated: number | "off";
  readonly empty: "on" | "off";
  readonly noPartial: "on" | "off";
  readonly noFinal: "on" | "off";
}

export const DEFAULT_SCORING: FailureScoring = {
  truncated: 0.5,
  empty: "on",
  noPartial: "on",
  noFinal: "on",
};

/**
 * The first cause of failure of a session that the transport ended well, or undefined when it is good. A session whose
 * audio was late says nothing of the server, so that comes first. What was cut short is not judged for content, and
 * audio without speech may be answered by nothing at all.
 */
export function sessionFailure(
  observation: Observation,
  scoring: FailureScoring = DEFAULT_SCORING,
): Failure | undefined {
  const late = lateChunks(observation);
  if (late > LATE_CHUNKS_ALLOWED * observation.sentMs.length) {
    const message = `${late} of ${observation.sentMs.length} chunks left too late`;
    return failure("streaming", "generator-late", "generator", message);
  }
  return observation.cutShort ? undefined : contentFailure(observation, scoring);
}

/**
 * A session with the verdict on it: its own first cause if its stream failed. Those outside the window are not judged, nor those
 * that never started.
 */
export function judged(observation: Observation, scoring?: FailureScoring): Observation {
  if (observation.phase !== "steady" || observation.outcome?.ok !== true) return observation;
  const found = sessionFailure(observation, scoring);
  return found === undefined ? observation : { ...observation, outcome: { ok: false, failure: found } };
}

function lateChunks(observation: Observation): number {
  const limitMs = latenessLimitMs(observation.chunkMs);
  if (observation.pace === Infinity) return 0;
  let late = 0;
  for (let k = 0; k < observation.sentMs.length; k++) {
    if ((observation.sentMs[k] ?? 0) - plannedSendMs(observation, k) > limitMs) late++;
  }
  return late;
}

function contentFailure(observation: Observation, scoring: FailureScoring): Failure | undefined {
  const { clip, interim, responses, faults } = observation;
  if (clip.text === "") return undefined;
  if (lastFinal(observation) === undefined) {
    // Without a final nothing is known of the transcript.
    return scoring.noFinal === "off"
      ? undefined
      : withExample(observation, "flush", "no-final", "the stream ended without a final result");
  }
  // What never reached the server it can't be asked for.
  if (clip.text === undefined || (faults?.lost?.length ?? 0) > 0) return undefined;

  const said = responses.flatMap((response) => (response.final ? heardWords(response.text) : []));
  const expected = heardWords(clip.text);
  // Text without a word, such as "...", says nothing that could be missed.
  if (expected.length === 0) return undefined;
  if (said.length === 0) {
    if (scoring.empty === "off") return undefined;
    return withExample(observation, "flush", "empty-transcript", `no words, ${expected.length} expected`);
  }
  if (scoring.truncated !== "off") {
    const covered = spokenShare(said, expected);
    if (covered.share < scoring.truncated) {
      const message = `${covered.said} ${covered.unit}, ${covered.expected} expected`;
      return withExample(observation, "flush", "truncated-transcript", message);
    }
  }
  const partialExpected = interim && clip.speechEndMs - clip.onsetMs >= PARTIAL_EXPECTED_FROM_MS;
  const missed = partialExpected && !responses.some((response) => !response.final && hasText(response));
  return missed && scoring.noPartial === "on"
    ? withExample(observation, "streaming", "no-partial", "interim results were asked for and none came")
    : undefined;
}

/** A failure of the server, with the reference beside the answer. */
function withExample(
  { clip, responses }: Observation,
  phase: FailurePhase,
  kind: FailureClass,
  message: string,
): Failure {
  const finals = responses.flatMap(({ final, text }) => (final ? [text.trim()] : []));
  const example = exampleOf(clip.text ?? "", finals.join(" "));
  return { ...failure(phase, kind, "server", message), example };
}

function failure(phase: FailurePhase, kind: FailureClass, origin: FailureOrigin, message: string): Failure {
  return { phase, class: kind, origin, code: kind, message };
}

/**
 * The harness's own judgement of a session that the transport calls good: did the generator keep its pace, and did the
 * server say what was to be said?
 */
import type { Failure, FailureClass, FailureOrigin, FailurePhase } from "../base/outcome.ts";
import { spokenShare } from "../base/spoken-length.ts";
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

/** An answer shorter than this share of its reference was cut. */
const TRUNCATED_BELOW = 0.5;

/**
 * The first cause of failure of a session that the transport ended well, or undefined when it is good. A session whose
 * audio was late says nothing of the server, so that comes first. What was cut short is not judged for content, and
 * audio without speech may be answered by nothing at all.
 */
export function sessionFailure(observation: Observation): Failure | undefined {
  const late = lateChunks(observation);
  if (late > LATE_CHUNKS_ALLOWED * observation.sentMs.length) {
    const message = `${late} of ${observation.sentMs.length} chunks left too late`;
    return failure("streaming", "generator-late", "generator", message);
  }
  return observation.cutShort ? undefined : contentFailure(observation);
}

/**
 * A session with the verdict on it: its own first cause if its stream failed. Those outside the window are not judged, nor those
 * that never started.
 */
export function judged(observation: Observation): Observation {
  if (observation.phase !== "steady" || observation.outcome?.ok !== true) return observation;
  const found = sessionFailure(observation);
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

function contentFailure(observation: Observation): Failure | undefined {
  const { clip, interim, responses, faults } = observation;
  if (clip.text === "") return undefined;
  const final = lastFinal(observation);
  if (final === undefined)
    return failure("flush", "no-final", "server", "the stream ended without a final result");
  // What never reached the server it can't be asked for.
  if (clip.text === undefined || (faults?.lost?.length ?? 0) > 0) return undefined;

  const said = responses.flatMap((response) => (response.final ? heardWords(response.text) : []));
  const expected = heardWords(clip.text);
  // Text without a word, such as "...", says nothing that could be missed.
  if (expected.length === 0) return undefined;
  if (said.length === 0) {
    return failure("flush", "empty-transcript", "server", `no words, ${expected.length} expected`);
  }
  const covered = spokenShare(said, expected);
  if (covered.share < TRUNCATED_BELOW) {
    const message = `${covered.said} ${covered.unit}, ${covered.expected} expected`;
    return failure("flush", "truncated-transcript", "server", message);
  }
  const partialExpected = interim && clip.speechEndMs - clip.onsetMs >= PARTIAL_EXPECTED_FROM_MS;
  if (partialExpected && !responses.some((response) => !response.final && hasText(response))) {
    return failure("streaming", "no-partial", "server", "interim results were asked for and none came");
  }
  return undefined;
}

function failure(phase: FailurePhase, kind: FailureClass, origin: FailureOrigin, message: string): Failure {
  return { phase, class: kind, origin, code: kind, message };
}

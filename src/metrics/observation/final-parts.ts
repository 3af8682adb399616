/**
 * Takes the wait for a final apart, by the server's own account of the audio that it had processed [p_j]: the audio up to p_q
 * had to be there before the server could decide, whatever came after that chunk was sent is the server's and the network's time.
 */
import { chunkAt, coveringFinal, processedMs } from "./moments.ts";
import type { Observation, ResponseRecord } from "./observation.ts";
import { remembered } from "./remembered.ts";

/** A final whose wait can be taken apart. */
export interface FinalParts {
  /** The final that covers the last reference word [q]. */
  final: ResponseRecord;
  /** Audio that the server had processed when it decided [p_q], milliseconds. */
  decidedMs: number;
  /** The chunk that this audio ended with [k(q)]; the last one for a final at the end of the stream. */
  chunk: number;
  /** True when the server closed the utterance by its own endpointing, false when it answered the end of the stream. */
  endpointed: boolean;
  /** The last response before the final that says how far the server was; undefined when there was none. */
  before: ResponseRecord | undefined;
}

/** Why the wait for a final can't be taken apart, as the end of a sentence "not measured: ...". */
export interface NotApart {
  why: string;
}

const NO_POSITION: NotApart = {
  why: "the server doesn't say how much audio it has processed (audio_processed)",
};
const GOES_BACK: NotApart = { why: "the server's count of processed audio goes back within a session" };
const EITHER: NotApart = {
  why: "the final came after the end of the stream, for a part of the audio: by endpointing or by the end, nobody can tell",
};

/** Positions are float32 seconds on the wire. */
const POSITION_ERROR_MS = 1;

/**
 * The parts of the final that `final_from_speech_end` is about; undefined for a session without one.
 *
 * By endpointing are finals that came before the stream was half-closed, and those that another final followed: servers send one
 * more for the end of the stream. At the end of the stream came the last final, when all audio had been processed.
 */
export const finalParts: (observation: Observation) => FinalParts | NotApart | undefined = remembered(
  (observation) => {
    const { clip, responses, cutShort, finishedMs = Infinity } = observation;
    const final = cutShort || clip.text === "" ? undefined : coveringFinal(observation);
    if (final === undefined) return undefined;
    const decidedMs = processedMs(final);
    if (decidedMs === undefined) return NO_POSITION;
    let before: ResponseRecord | undefined;
    for (const response of responses) {
      if (response === final) break;
      const positionMs = processedMs(response);
      if (positionMs === undefined) continue;
      if (positionMs > decidedMs + POSITION_ERROR_MS) return GOES_BACK;
      before = response;
    }
    const isLast = responses.findLast((response) => response.final) === final;
    const endpointed = final.atMs < finishedMs || !isLast;
    if (!endpointed && decidedMs < clip.audioMs - POSITION_ERROR_MS) return EITHER;
    return { final, decidedMs, chunk: chunkAt(observation, decidedMs), endpointed, before };
  },
);

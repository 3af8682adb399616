/** Sessions with a server that closes an utterance by a plain rule, played out position by position. */
import type { ClipFacts, Observation, ResponseRecord } from "../../src/metrics/observation/observation.ts";
import { sketch } from "./timeline.ts";

export interface EndpointingServer {
  clip: ClipFacts;
  chunkMs?: number;
  /** Audio that the server takes at a time. */
  stepMs: number;
  stopHistoryMs: number;
  /** Every answer takes so long after its audio was sent, and a final so much more. */
  computeMs: number;
  flushMs: number;
  /** It hears the speech end so much later than it does. */
  hearsEndAfterMs?: number;
}

/** A whole session of the clip, at the pace of a microphone that opens at 20 ms. */
export function simulateEndpointing(server: EndpointingServer): Observation {
  const { clip, chunkMs = 100, stepMs, stopHistoryMs, computeMs, flushMs, hearsEndAfterMs = 0 } = server;
  const session = sketch({ clip, chunkMs });
  const sentAt = (positionMs: number): number =>
    20 + Math.min(clip.audioMs, Math.ceil(positionMs / chunkMs - 1e-9) * chunkMs);
  const last = clip.words.length - 1;
  const endOf = (index: number): number =>
    (clip.words[index]?.endMs ?? 0) + (index === last ? hearsEndAfterMs : 0);
  const responses: ResponseRecord[] = [];
  let told = 0;
  const answer = (positionMs: number, final: boolean, upTo: number): void => {
    const text = clip.words
      .slice(told, upTo)
      .map(({ word }) => word)
      .join(" ");
    const atMs = sentAt(positionMs) + computeMs + (final ? flushMs : 0);
    responses.push({ atMs, final, text, audioProcessedMs: positionMs });
    if (final) told = upTo;
  };
  for (let positionMs = stepMs; positionMs <= clip.audioMs; positionMs += stepMs) {
    const spoken = clip.words.filter((_, index) => endOf(index) <= positionMs).length;
    const begun = clip.words.filter(({ startMs }) => startMs < positionMs).length;
    const silent = begun === spoken && positionMs - endOf(spoken - 1) >= stopHistoryMs;
    if (spoken > told) answer(positionMs, silent, spoken);
  }
  answer(clip.audioMs, true, clip.words.length);
  return { ...session, responses };
}

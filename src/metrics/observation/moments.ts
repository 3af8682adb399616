/**
 * When things happened in one session: what the latency definitions are made of. Symbols in brackets as in
 * `observation.ts`.
 */
import { heardWords, numbersRead } from "./heard-words.ts";
import * as microphone from "./due-time.ts";
import type { Observation, ResponseRecord } from "./observation.ts";
import { remembered } from "./remembered.ts";

/** Blank means nothing but white space. */
export function hasText({ text }: ResponseRecord): boolean {
  const first = text.charCodeAt(0);
  // Printable ASCII, as nearly always: every metric asks this of every response.
  return (first > 32 && first < 127) || /\S/.test(text);
}

/**
 * The instant at which the audio at `audioMs` of the clip was there to be heard; undefined for a session whose
 * microphone never opened, or (actual) whose chunk never left.
 */
export type Timebase = (observation: Observation, audioMs: number) => number | undefined;

/** By plan: A0 + audio / v. For the end of chunk k this is S_k. Lateness of the generator counts against the server. */
export const planned: Timebase = ({ anchorMs, pace, faults, chunkMs }, audioMs) => {
  if (anchorMs === undefined) return undefined;
  return anchorMs + microphone.recordedAfterMs(audioMs, pace, chunkMs, faults?.mute);
};

/** As it went: the plan shifted by how late the chunk that carried the audio left, faults included. For its end this is X_k. */
export const actual: Timebase = (observation, audioMs) => {
  const plannedMs = planned(observation, audioMs);
  const k = chunkAt(observation, audioMs);
  const sentMs = observation.sentMs[k];
  const dueMs = planned(observation, chunkEndMs(observation, k));
  return plannedMs === undefined || sentMs === undefined || dueMs === undefined
    ? undefined
    : plannedMs + (sentMs - dueMs);
};

/** End of chunk k in the clip [o_k + d_k]: the last chunk may be short. */
export function chunkEndMs({ chunkMs, clip }: Observation, k: number): number {
  return microphone.chunkEndMs(chunkMs, clip.audioMs, k);
}

/**
 * The chunk that carries the audio up to `audioMs`: the least k with o_k + d_k >= audioMs, within 1 ms, because servers
 * report positions as float32 seconds. Positions beyond the clip belong to its last chunk (servers pad the end).
 */
export function chunkAt({ chunkMs, chunks }: Observation, audioMs: number): number {
  return Math.min(Math.max(Math.ceil((audioMs - 1) / chunkMs) - 1, 0), chunks - 1);
}

/** Audio that a response says has been processed [p_j]; undefined where it doesn't say: zero is proto3's way of leaving a float out. */
export function processedMs({ audioProcessedMs = 0 }: ResponseRecord): number | undefined {
  return audioProcessedMs > 0 ? audioProcessedMs : undefined;
}

/** How long after the audio that it is about a response came [R_j - S_k(j)]; undefined where it doesn't say which that is. */
export function latencyOf(
  observation: Observation,
  response: ResponseRecord,
  when: Timebase,
): number | undefined {
  const audioMs = processedMs(response);
  if (audioMs === undefined) return undefined;
  const sentMs = when(observation, chunkEndMs(observation, chunkAt(observation, audioMs)));
  return sentMs === undefined ? undefined : response.atMs - sentMs;
}

/** The first response with text that came at or after `fromMs`. */
export function firstText(
  { responses }: Observation,
  fromMs: number = Number.NEGATIVE_INFINITY,
): ResponseRecord | undefined {
  for (const response of responses) if (response.atMs >= fromMs && hasText(response)) return response;
  return undefined;
}

/** The last final, with text or not. */
export function lastFinal({ responses }: Observation): ResponseRecord | undefined {
  return responses.findLast((response) => response.final);
}

/** The last final with text [L]. */
export function lastFinalText({ responses }: Observation): ResponseRecord | undefined {
  return responses.findLast((response) => response.final && hasText(response));
}

/**
 * The first final that covers the last reference word [q]: with word times, one whose last word ends after that word
 * began; without, the one at which the last reference word appears among all final words so far, no further than a tenth
 * of the reference (at least one word) before its place, which forgives a few words lost. Otherwise the last final with text.
 */
export const coveringFinal: (observation: Observation) => ResponseRecord | undefined =
  remembered(findCovering);

function findCovering(observation: Observation): ResponseRecord | undefined {
  const { clip, responses } = observation;
  const lastWordMs = clip.words.at(-1)?.startMs;
  let place = 0;
  for (const response of responses) {
    if (!response.final || !hasText(response)) continue;
    const lastEndMs = response.words?.at(-1)?.endMs;
    if (lastEndMs !== undefined && lastWordMs !== undefined) {
      if (lastEndMs > lastWordMs) return response;
      continue;
    }
    const heard = heardWords(response.text);
    const reference = numbersRead(heardWords(clip.text ?? ""), heard);
    const earliestPlace = reference.length - 1 - Math.max(1, Math.ceil(reference.length / 10));
    for (const word of numbersRead(heard, reference)) {
      if (word === reference.at(-1) && place >= earliestPlace) return response;
      place++;
    }
  }
  return lastFinalText(observation);
}

/** True when NVIDIA's own client could pair responses with chunks by index: as many responses as chunks were sent, or one more, which it ignores. */
export function pairs({ responses, sentMs }: Observation): boolean {
  return responses.length === sentMs.length || responses.length === sentMs.length + 1;
}

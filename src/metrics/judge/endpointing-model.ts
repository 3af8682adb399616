/**
 * A model of the server's endpointing, for what finals would have been with another `stop_history`.
 *
 * The server looks at the silence each time it has processed another of its chunks (positions a step apart, read from what it
 * said), and closes the utterance at the first one with a silence of `stop_history` or more behind it. The silence is taken to begin
 * with the end of the last word, or as near to it as the decision that was observed allows. The final then comes as long after its
 * audio as it did in the run. At the setting of the run itself the estimate of a session is what was measured.
 */
import { afterSpeechMs } from "../catalogue/endpointing.ts";
import type { FinalParts } from "../observation/final-parts.ts";
import { chunkAt, chunkEndMs, hasText, lastFinal, planned, processedMs } from "../observation/moments.ts";
import type { Observation } from "../observation/observation.ts";

/** Positions are float32 seconds on the wire, so that they miss their place by a few hundredths of a millisecond. */
const POSITION_ERROR_MS = 0.1;

/** The part of a session that is kept until the step of its server is known. */
export interface KeptSession {
  /** Without responses and chunks, so that many can be kept. */
  session: Observation;
  /** As in `FinalParts`. */
  endpointed: boolean;
  decidedMs: number;
  /** A position at which the server looked. */
  positionMs: number;
  /** From the audio of the final to the final. */
  ownMs: number;
  /** From the last chunk to the final that answers the end of the stream. */
  flushMs: number;
  /** Finals beyond the first; undefined where the pauses between words are not known. */
  extraFinals: number | undefined;
  /** As the server placed them in its finals, else those of the reference; undefined where neither has times. */
  words: readonly PlacedWord[] | undefined;
  /** End of the last of them; without any, of the annotated speech. */
  endMs: number;
}

/** A word's place in the clip. */
interface PlacedWord {
  startMs: number;
  endMs: number;
}

/** The part of a session that the model needs, or why it has no say. @param ownMs from the audio of the final to the final */
export function keptOf(session: Observation, parts: FinalParts, ownMs: number): KeptSession | string {
  if (session.faults !== undefined) return "a condition of the scenario changed the audio or its way";
  const { endpointed, decidedMs, before } = parts;
  const positionMs = endpointed ? decidedMs : before === undefined ? undefined : processedMs(before);
  if (positionMs === undefined) return "no partial shows at which positions the server decides";
  const finals = session.responses.filter((response) => response.final && hasText(response)).length;
  const words = wordsOf(session);
  return {
    session: { ...session, responses: [], sentMs: [], acceptedMs: [] },
    ...{ endpointed, decidedMs, positionMs, ownMs, words },
    endMs: words?.at(-1)?.endMs ?? session.clip.speechEndMs,
    flushMs: flushOf(session, parts, ownMs),
    extraFinals: words === undefined ? undefined : finals - 1,
  };
}

/** How the server decided in one session. */
interface Model {
  /** A position at which it looked, and the distance from one to the next. */
  positionMs: number;
  stepMs: number;
  /** Where its silence began. */
  silentFromMs: number;
}

/** @param stepMs of the server @param measuredAtMs the `stop_history` of the run */
export function modelOf(
  { session: { clip }, endpointed, decidedMs, positionMs, endMs }: KeptSession,
  stepMs: number,
  measuredAtMs: number,
): Model {
  // Where it had not decided within the audio, it would have at the position behind it, at the earliest.
  const atMs = endpointed
    ? decidedMs
    : nextPosition({ positionMs, stepMs }, clip.audioMs + 2 * POSITION_ERROR_MS);
  // At the position before there was not enough silence.
  const earliestMs = atMs - stepMs - measuredAtMs + 2 * POSITION_ERROR_MS;
  const latestMs = endpointed ? atMs - measuredAtMs : Infinity;
  const fromMs = endMs <= latestMs + POSITION_ERROR_MS ? endMs : latestMs;
  return { positionMs, stepMs, silentFromMs: Math.max(fromMs, earliestMs) };
}

/** The first position at or after `ms` at which the server decides. */
function nextPosition({ positionMs, stepMs }: Pick<Model, "positionMs" | "stepMs">, ms: number): number {
  return positionMs + stepMs * Math.ceil((ms - POSITION_ERROR_MS - positionMs) / stepMs);
}

/** Counts, by whole milliseconds, the distances of positions that follow each other before the end of the audio. */
export function countSteps(steps: Map<number, number>, { responses, clip }: Observation): void {
  let lastMs: number | undefined;
  for (const response of responses) {
    const atMs = processedMs(response);
    if (atMs === undefined || (response.final && atMs >= clip.audioMs - 1)) continue;
    const stepMs = Math.round(atMs - (lastMs ?? atMs));
    if (stepMs > 0) steps.set(stepMs, (steps.get(stepMs) ?? 0) + 1);
    lastMs = atMs;
  }
}

/** The one that came most often; of several the least. */
export function commonest(times: ReadonlyMap<number, number>): number | undefined {
  return [...times].sort(([a, n], [b, m]) => m - n || a - b)[0]?.[0];
}

/** The final for the end of the stream comes in any case, with or without text; where it can't be seen it takes as long as the other. */
function flushOf(session: Observation, { final }: FinalParts, ownMs: number): number {
  const { chunks, finishedMs = Infinity } = session;
  const last = lastFinal(session);
  if (last === undefined || last === final || last.atMs < finishedMs) return ownMs;
  return last.atMs - (planned(session, chunkEndMs(session, chunks - 1)) ?? NaN);
}

/** When the final of a session would have come with another setting, after the end of speech. */
export function finalAt(
  { session, ownMs, flushMs }: KeptSession,
  model: Model,
  stopHistoryMs: number,
): { latencyMs: number; endpointed: boolean } {
  const { clip, chunks } = session;
  const sentAfterMs = (chunk: number): number => afterSpeechMs(session, chunk, planned) ?? NaN;
  const decidedMs = nextPosition(model, model.silentFromMs + stopHistoryMs);
  return decidedMs <= clip.audioMs + POSITION_ERROR_MS
    ? { latencyMs: sentAfterMs(chunkAt(session, decidedMs)) + ownMs, endpointed: true }
    : { latencyMs: sentAfterMs(chunks - 1) + flushMs, endpointed: false };
}

function wordsOf({ clip, responses }: Observation): readonly PlacedWord[] | undefined {
  const heard = responses.flatMap(({ final, words = [] }) => (final ? words : []));
  const words = heard.length > 0 ? heard : clip.words;
  return words.length === 0 ? undefined : words;
}

/** Finals too many: silences between words in which the server decides before the speaker goes on. */
export function cutsAt({ words }: KeptSession, model: Model, stopHistoryMs: number): number | undefined {
  return words?.filter(({ endMs }, index) => {
    const nextMs = words[index + 1]?.startMs ?? -Infinity;
    return nextPosition(model, endMs + stopHistoryMs) <= nextMs + POSITION_ERROR_MS;
  }).length;
}

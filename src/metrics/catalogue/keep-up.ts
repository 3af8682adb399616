/** At what rate the server advanced through the audio of a session while it was being sent. */
import { chunkAt, chunkEndMs } from "../observation/moments.ts";
import type { Observation } from "../observation/observation.ts";

/** What one session adds to `keep_up`. */
export interface Advance {
  /** Audio that the server advanced by [p_last - p_first], milliseconds. */
  advancedMs: number;
  /** Audio that was recorded in that time [v (R_last - R_first)], milliseconds. */
  recordedMs: number;
}

/** How far the server was, and when it said so last. */
interface Point {
  /** Chunk of the client that holds the furthest position so far. */
  chunk: number;
  /** Furthest position. */
  audioMs: number;
  atMs: number;
}

/** Positions are float32 seconds. */
const SAME_MS = 1;
/** A fall of `audio_processed` by more than this is no final of a little less audio. */
const RESTARTED_MS = 1000;

/**
 * From the responses with `audio_processed` between the session's first one and the end of its sending [X_eos]; for a
 * session that never half-closed, its own end. Later ones tell how a queue drains that nobody fills any more.
 *
 * A position counts as the end of the client's chunk that holds it, told by the last response of that chunk: a server
 * that takes 160 ms at a time can't go on before the chunk to 200 ms has come, and one that takes 160 ms of a chunk of a second
 * answers six times at once. Without that a healthy server would read 0.94 to 1.74, by the two lengths alone.
 *
 * Undefined with fewer than two such chunks, where no audio is ever due (no pace), for a session that the generator
 * spoiled, and where the server counts from another place than the start of the stream (its position falls by more than a
 * second).
 */
export function advanceOf(observation: Observation): Advance | undefined {
  const { pace, outcome } = observation;
  const spoiled = outcome?.ok === false && outcome.failure.origin === "generator";
  const points = pace === Infinity || spoiled ? undefined : pointsWhileSending(observation);
  const first = points?.[0];
  const last = points?.at(-1);
  if (first === undefined || last === undefined || first === last) return undefined;
  const mutedMs = mutedBetween(observation, first.chunk, last.chunk);
  return {
    advancedMs: chunkEndMs(observation, last.chunk) - chunkEndMs(observation, first.chunk),
    recordedMs: pace * (last.atMs - first.atMs - mutedMs),
  };
}

/** One for each chunk that the server was through with; undefined when its positions start again. */
function pointsWhileSending(observation: Observation): Point[] | undefined {
  const { responses, finishedMs, endedMs = Infinity } = observation;
  const untilMs = finishedMs ?? endedMs;
  const points: Point[] = [];
  for (const { atMs, audioProcessedMs = 0 } of responses) {
    // Zero is proto3's way of leaving a float out.
    if (audioProcessedMs <= 0) continue;
    const point = points.at(-1);
    const furthestMs = Math.max(audioProcessedMs, point?.audioMs ?? 0);
    if (audioProcessedMs < furthestMs - RESTARTED_MS) return undefined;
    const chunk = chunkAt(observation, furthestMs);
    if (atMs > untilMs) {
      // It was in the middle of that chunk when the sending ended.
      if (point?.chunk === chunk && furthestMs > point.audioMs + SAME_MS) points.pop();
      break;
    }
    if (point?.chunk === chunk) {
      point.audioMs = furthestMs;
      point.atMs = atMs;
    } else {
      points.push({ chunk, audioMs: furthestMs, atMs });
    }
  }
  return points;
}

/** How long the microphone was off, on purpose, between the ends of two chunks: nothing was recorded in that time. */
function mutedBetween({ faults }: Observation, from: number, to: number): number {
  const mute = faults?.mute;
  return mute !== undefined && from < mute.chunk && mute.chunk <= to ? mute.ms : 0;
}

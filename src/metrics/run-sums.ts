/** Sums over a run that aren't distributions: they add up across sessions and workers. */
import { chunkEndMs, hasText, lastFinal, planned } from "./moments.ts";
import { pairs } from "./nvidia-compat.ts";
import { dueMs, type Observation } from "./observation.ts";

/** The steady window, milliseconds since the start of the run. */
export interface Window {
  startMs: number;
  endMs: number;
}

export interface RunSums {
  /** Audio of sessions without error whose last final arrived in the window. */
  finishedAudioMs: number;
  /** The same of sessions without a pace. */
  finishedUnpacedAudioMs: number;
  /** Steady sessions that began late. */
  lateStarts: number;
  /** Audio whose scheduled send fell in the window, over all sessions that overlap it. */
  scheduledAudioMs: number;
  /** Audio that the server acknowledged in the window, over all sessions that overlap it. */
  acknowledgedAudioMs: number;
  /** Session time [t0, R_end] inside the window. */
  openMs: number;
  /** Responses with text before the speech began, in steady sessions. */
  prematurePartials: number;
  /** Completed steady sessions that NVIDIA's client could not have paired with their chunks. */
  unpaired: number;
  /** Audio sent by all sessions of the run, failed ones too. */
  sentAudioMs: number;
  /** First connection attempt and last end of the whole run; absent while there is none. */
  firstStartMs?: number;
  lastEndMs?: number;
}

/** A session that begins later than this after its planned start has missed it. */
export const LATE_START_MS = 50;

export function emptySums(): RunSums {
  return {
    finishedAudioMs: 0,
    finishedUnpacedAudioMs: 0,
    lateStarts: 0,
    scheduledAudioMs: 0,
    acknowledgedAudioMs: 0,
    openMs: 0,
    prematurePartials: 0,
    unpaired: 0,
    sentAudioMs: 0,
  };
}

/** Adds what one session of any phase contributes. */
export function sumSession(sums: RunSums, observation: Observation, window: Window): void {
  const { startedMs, endedMs, phase, outcome } = observation;
  if (startedMs === undefined) return;
  sums.firstStartMs = Math.min(sums.firstStartMs ?? Infinity, startedMs);
  if (endedMs !== undefined) {
    sums.lastEndMs = Math.max(sums.lastEndMs ?? -Infinity, endedMs);
    sums.openMs += Math.max(0, Math.min(endedMs, window.endMs) - Math.max(startedMs, window.startMs));
  }
  sums.sentAudioMs += sentAudioMs(observation);
  const paced = observation.pace !== Infinity;
  // The last audio of a caller who left is never acknowledged, and nobody fell behind.
  const left = outcome?.ok === false && outcome.failure.origin === "caller";
  if (paced && !left) {
    sums.scheduledAudioMs += scheduledIn(observation, window);
    sums.acknowledgedAudioMs += acknowledgedIn(observation, window);
  }
  const final = lastFinal(observation);
  if (outcome?.ok === true && final !== undefined && within(final.atMs, window)) {
    if (paced) sums.finishedAudioMs += observation.clip.audioMs;
    else sums.finishedUnpacedAudioMs += observation.clip.audioMs;
  }
  if (phase !== "steady") return;
  if (startedMs - observation.scheduledMs > LATE_START_MS) sums.lateStarts++;
  sums.prematurePartials += prematureIn(observation);
  if (outcome?.ok === true && !pairs(observation)) sums.unpaired++;
}

/** Adds `other` to `sums`. */
export function addSums(sums: RunSums, other: RunSums): void {
  sums.finishedAudioMs += other.finishedAudioMs;
  sums.finishedUnpacedAudioMs += other.finishedUnpacedAudioMs;
  sums.lateStarts += other.lateStarts;
  sums.scheduledAudioMs += other.scheduledAudioMs;
  sums.acknowledgedAudioMs += other.acknowledgedAudioMs;
  sums.openMs += other.openMs;
  sums.prematurePartials += other.prematurePartials;
  sums.unpaired += other.unpaired;
  sums.sentAudioMs += other.sentAudioMs;
  if (other.firstStartMs !== undefined) {
    sums.firstStartMs = Math.min(sums.firstStartMs ?? Infinity, other.firstStartMs);
  }
  if (other.lastEndMs !== undefined) sums.lastEndMs = Math.max(sums.lastEndMs ?? -Infinity, other.lastEndMs);
}

function within(atMs: number, window: Window): boolean {
  return atMs >= window.startMs && atMs < window.endMs;
}

function sentAudioMs(observation: Observation): number {
  const sent = observation.sentMs.length;
  return sent === 0 ? 0 : chunkEndMs(observation, sent - 1);
}

/** Audio of the chunks that were sent and due in the window: all of it, unless the session reaches beyond the window. */
function scheduledIn(observation: Observation, window: Window): number {
  const sent = observation.sentMs.length;
  if (sent === 0) return 0;
  if (within(dueMs(observation, 0), window) && within(dueMs(observation, sent - 1), window))
    return sentAudioMs(observation);
  let audioMs = 0;
  for (let k = 0; k < sent; k++) {
    if (within(dueMs(observation, k), window))
      audioMs += chunkEndMs(observation, k) - k * observation.chunkMs;
  }
  return audioMs;
}

/** Advance of the furthest [p_j] in the window; where the server gives none, all audio when the last final arrives. */
function acknowledgedIn(observation: Observation, window: Window): number {
  let furthestMs = 0;
  let advanceMs = 0;
  for (const { atMs, audioProcessedMs = 0 } of observation.responses) {
    if (audioProcessedMs <= furthestMs) continue;
    const reachedMs = Math.min(audioProcessedMs, observation.clip.audioMs);
    if (within(atMs, window)) advanceMs += Math.max(0, reachedMs - furthestMs);
    furthestMs = Math.max(furthestMs, reachedMs);
  }
  if (furthestMs > 0) return advanceMs;
  const final = lastFinal(observation);
  return final !== undefined && within(final.atMs, window) ? sentAudioMs(observation) : 0;
}

function prematureIn(observation: Observation): number {
  const onsetMs = planned(observation, observation.clip.onsetMs);
  if (onsetMs === undefined || observation.clip.text === "") return 0;
  let premature = 0;
  for (const response of observation.responses) if (response.atMs < onsetMs && hasText(response)) premature++;
  return premature;
}

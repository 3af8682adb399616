/** Sums over a run that aren't distributions: they add up across sessions and workers. */
import { advanceOf } from "./keep-up.ts";
import { chunkEndMs, hasText, lastFinal, pairs, planned } from "../observation/moments.ts";
import type { Observation } from "../observation/observation.ts";

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
  /** Audio that the server advanced by in steady sessions while they were sending, and what was recorded meanwhile. */
  advancedAudioMs: number;
  recordedAudioMs: number;
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
const LATE_START_MS = 50;

export function emptySums(): RunSums {
  return {
    finishedAudioMs: 0,
    finishedUnpacedAudioMs: 0,
    lateStarts: 0,
    advancedAudioMs: 0,
    recordedAudioMs: 0,
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
  const final = lastFinal(observation);
  if (outcome?.ok === true && final !== undefined && within(final.atMs, window)) {
    if (paced) sums.finishedAudioMs += observation.clip.audioMs;
    else sums.finishedUnpacedAudioMs += observation.clip.audioMs;
  }
  if (phase !== "steady") return;
  const advance = advanceOf(observation);
  if (advance !== undefined) {
    sums.advancedAudioMs += advance.advancedMs;
    sums.recordedAudioMs += advance.recordedMs;
  }
  if (startedMs - observation.scheduledMs > LATE_START_MS) sums.lateStarts++;
  sums.prematurePartials += prematureIn(observation);
  if (outcome?.ok === true && !pairs(observation)) sums.unpaired++;
}

/** Adds `other` to `sums`. */
export function addSums(sums: RunSums, other: RunSums): void {
  sums.finishedAudioMs += other.finishedAudioMs;
  sums.finishedUnpacedAudioMs += other.finishedUnpacedAudioMs;
  sums.lateStarts += other.lateStarts;
  sums.advancedAudioMs += other.advancedAudioMs;
  sums.recordedAudioMs += other.recordedAudioMs;
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

function prematureIn(observation: Observation): number {
  const onsetMs = planned(observation, observation.clip.onsetMs);
  if (onsetMs === undefined || observation.clip.text === "") return 0;
  let premature = 0;
  for (const response of observation.responses) if (response.atMs < onsetMs && hasText(response)) premature++;
  return premature;
}

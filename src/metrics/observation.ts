/**
 * What one session leaves behind: the whole timeline, from which every metric is a function. Times are milliseconds
 * since the start of the run (T0) on the generator's monotonic clock; symbols in brackets are those of the metric
 * definitions (`docs/metrics.md`).
 */
import type { Outcome } from "../base/outcome.ts";

/** Which part of the run a session belongs to, decided by its **scheduled** start. Only `steady` is judged. */
export type RunPhase = "warmup" | "steady" | "drain";

/** A reference word, placed in the audio as it is sent (padding included). */
export interface ReferenceWord {
  word: string;
  startMs: number;
  endMs: number;
}

/** What is known of the audio of a session; shared by all sessions of one clip. Times include the padding before. */
export interface ClipFacts {
  id: string;
  /** Length sent, padding included [D]. */
  audioMs: number;
  /** First speech onset [a_on]. */
  onsetMs: number;
  /** The later of the annotated speech end and the last word's end [a_off]. */
  speechEndMs: number;
  /** Normalised reference transcript; "" for audio without speech, undefined when there is no reference. */
  text?: string;
  words: readonly ReferenceWord[];
}

/** One server message, as heard. */
export interface ResponseRecord {
  /** Receive time [R_j]. */
  atMs: number;
  final: boolean;
  /** "" for an empty message. */
  text: string;
  stability?: number;
  /** [p_j], milliseconds. Float32 on the wire: match it to chunk boundaries at +-1 ms. */
  audioProcessedMs?: number;
  words?: readonly { word: string; startMs: number; endMs: number }[];
}

export interface Observation {
  /** Unique in the run. */
  seq: number;
  /** The caller (closed models) this session belongs to. */
  slot: number;
  phase: RunPhase;
  stage: string;
  clip: ClipFacts;
  chunkMs: number;
  /** Pace factor [v]; 1 = real time, Infinity = as fast as the server takes it: then no audio is ever due. */
  pace: number;
  /** Number of chunks in the clip [K]. */
  chunks: number;
  /** True when interim results were asked for. */
  interim: boolean;
  /** Scheduled start [T_s]. */
  scheduledMs: number;
  /** Connection attempt begins [t0]; undefined when the session never started (dropped). */
  startedMs?: number;
  /** Configuration accepted [t_ready]. */
  readyMs?: number;
  /** The virtual microphone opens [A0]. */
  anchorMs?: number;
  /** Write call issued, per chunk sent [X_k]. May be shorter than `chunks` when the session ended early. */
  sentMs: ArrayLike<number>;
  /** Transport accepted the chunk [F_k]. May be shorter than `sentMs`. */
  acceptedMs: ArrayLike<number>;
  /** Half-close issued [X_eos]. */
  finishedMs?: number;
  /** Stream fully closed [R_end]. */
  endedMs?: number;
  responses: readonly ResponseRecord[];
  /**
   * True when the harness half-closed the stream before its audio was through: an unrecorded drain session, no longer
   * needed. Its transcript can't be judged.
   */
  cutShort: boolean;
  /** How it ended; undefined when it never started (dropped). Includes the harness's own judgement of content. */
  outcome?: Outcome;
}

/** Scheduled send of chunk k [S_k]: when its last sample has been "recorded". Needs the anchor. */
export function dueMs(observation: Observation, k: number): number {
  const { anchorMs, chunkMs, clip, pace } = observation;
  if (anchorMs === undefined) throw new Error("a session without an anchor has no due times");
  return anchorMs + Math.min((k + 1) * chunkMs, clip.audioMs) / pace;
}

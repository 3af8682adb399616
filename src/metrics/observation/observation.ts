/**
 * What one session leaves behind: the whole timeline, from which every metric is a function. Times are milliseconds
 * since the start of the run (T0) on the generator's monotonic clock; symbols in brackets are those of the metric
 * definitions (`docs/metrics.md`).
 */
import type { Failure, Outcome } from "../../base/outcome.ts";
import type { ScoringRules } from "../../base/text/scoring/normalizers.ts";
import { dueAfterMs, type Mute } from "./due-time.ts";

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
  /** Reference transcript; "" for audio without speech, undefined when there is no reference. */
  text?: string;
  words: readonly ReferenceWord[];
  /** How its transcripts are scored; absent = they are not. */
  scoring?: ScoringRules;
  /** The server's final answer to it without load, where that was asked. */
  unloaded?: string;
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

/**
 * What the metrics of a session must know of the faults that were put into it on purpose. The microphone's own faults move
 * when audio is due; those on the way from the microphone to the socket don't, and are inside every latency.
 */
export interface InjectedFaults {
  /** Name of the condition, of the scenario, that the session was under. */
  readonly condition: string;
  /** How long each chunk was held on its way from the microphone to the socket; absent = not at all. */
  readonly delayMs?: ArrayLike<number>;
  readonly mute?: Mute;
  /** Chunks whose audio was lost and went out as silence, in order. */
  readonly lost?: readonly number[];
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
  /** Absent for a session that was left in peace. */
  faults?: InjectedFaults;
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
  const { anchorMs, chunkMs, clip, pace, faults } = observation;
  if (anchorMs === undefined) throw new Error("a session without an anchor has no due times");
  return anchorMs + dueAfterMs({ chunkMs, audioMs: clip.audioMs, pace }, k, faults?.mute);
}

/**
 * When the generator was to send chunk k [P_k]: when it is due, plus the delay that a fault puts before it, and not before
 * the stream was ready. Latency counts from S_k, the generator's lateness from here.
 */
export function plannedSendMs(observation: Observation, k: number): number {
  const wantedMs = dueMs(observation, k) + (observation.faults?.delayMs?.[k] ?? 0);
  return Math.max(wantedMs, observation.readyMs ?? -Infinity);
}

/** Why the session failed; undefined for one that completed or never started. */
export function failureOf({ outcome }: Observation): Failure | undefined {
  return outcome?.ok === false ? outcome.failure : undefined;
}

/** When the chunks of a session were due [S_k] and to be sent [P_k]; empty where no audio is ever due. */
export interface ChunkTimes {
  dueMs: readonly number[];
  plannedMs: readonly number[];
}

/** The times of all chunks of the clip, of those too that were never sent. */
export function chunkTimes(observation: Observation): ChunkTimes {
  const { anchorMs, pace, chunks } = observation;
  if (anchorMs === undefined || pace === Infinity) return { dueMs: [], plannedMs: [] };
  const each = (at: (observation: Observation, k: number) => number): number[] =>
    Array.from({ length: chunks }, (_, k) => at(observation, k));
  return { dueMs: each(dueMs), plannedMs: each(plannedSendMs) };
}

/**
 * One line of `starts.ndjson`: that a session began. A session with a start and no record was under way when its worker
 * was lost; how it went on nobody knows.
 */
import type { ClipFacts, Observation, RunPhase } from "../metrics/observation.ts";
import type { SessionStart } from "./session.ts";

export interface StartRecord {
  seq: number;
  slot: number;
  phase: RunPhase;
  stage: string;
  clip: string;
  chunkMs: number;
  /** 0 = no pace. */
  pace: number;
  chunks: number;
  /** Milliseconds since the start of the run, as all times. */
  scheduledMs: number;
  startedMs: number;
  /** Counted from 1. */
  worker: number;
}

/** The line of a session that starts now. */
export function startRecord(start: SessionStart, startedMs: number, worker: number): StartRecord {
  const { seq, slot, phase, stage, clip, pace, scheduledMs } = start;
  const { chunkMs, facts, chunks } = clip;
  return {
    ...{ seq, slot, phase, stage, clip: facts.id, chunkMs, chunks: chunks.length },
    pace: pace === Infinity ? 0 : pace,
    ...{ scheduledMs, startedMs: Math.round(startedMs * 1000) / 1000, worker },
  };
}

/**
 * What counts for a session whose worker was lost: it was scheduled and started, and it failed by the generator's fault.
 * @param lostMs when the worker was last known to live: from then on the session was no load
 */
export function lostObservation(start: StartRecord, clip: ClipFacts, lostMs: number): Observation {
  const { seq, slot, phase, stage, chunkMs, chunks, scheduledMs, startedMs, worker } = start;
  return {
    ...{ seq, slot, phase, stage, clip, chunkMs, chunks, interim: true, scheduledMs, startedMs },
    pace: start.pace === 0 ? Infinity : start.pace,
    endedMs: Math.max(startedMs, lostMs),
    sentMs: [],
    acceptedMs: [],
    responses: [],
    cutShort: false,
    outcome: {
      ok: false,
      failure: {
        phase: "streaming",
        class: "worker-lost",
        origin: "generator",
        code: "worker-lost",
        message: `worker ${worker} was lost while the session was open`,
      },
    },
  };
}

/**
 * One line of `starts.ndjson`: that a session began. A session with a start and no record was under way when its worker
 * was lost; how it went on nobody knows.
 */
import { toThousandths } from "../../base/thousandths.ts";
import type { ClipFacts, Observation, RunPhase } from "../../metrics/observation/observation.ts";
import { fieldsIn, isSession, isTime } from "../../metrics/result/stored-lines.ts";
import type { SessionStart } from "../engine/session.ts";

/** A session as planned for a worker. */
export interface PlannedSession {
  seq: number;
  slot: number;
  phase: RunPhase;
  stage: string;
  clip: string;
  chunkMs: number;
  /** 0 = no pace. */
  pace: number;
  /** Milliseconds since the start of the run, as all times. */
  scheduledMs: number;
  /** Counted from 1. */
  worker: number;
}

export interface StartRecord extends PlannedSession {
  startedMs: number;
}

/** A line of `starts.ndjson`; undefined for anything else, as in `metrics/stored-lines.ts`. */
export function startRecordIn(line: string): StartRecord | undefined {
  const fields = fieldsIn(line);
  if (fields === undefined || !isSession(fields)) return undefined;
  const isWhole = isTime(fields["startedMs"]) && Number.isSafeInteger(fields["worker"]);
  return isWhole ? (fields as unknown as StartRecord) : undefined;
}

/** The line of a session that starts now. */
export function startRecord(start: SessionStart, startedMs: number, worker: number): StartRecord {
  const { seq, slot, phase, stage, clip, pace, scheduledMs } = start;
  const { chunkMs, facts } = clip;
  return {
    ...{ seq, slot, phase, stage, clip: facts.id, chunkMs },
    pace: pace === Infinity ? 0 : pace,
    ...{ scheduledMs, startedMs: toThousandths(startedMs), worker },
  };
}

/**
 * What counts for a session whose worker was lost: it was scheduled, and it failed by the generator's fault.
 * @param start what is known of it; without `startedMs` it never began
 * @param lostMs when the worker was last known to live: from then on the session was no load
 */
export function lostObservation(
  start: PlannedSession & { startedMs?: number },
  clip: ClipFacts,
  lostMs: number,
): Observation {
  const { seq, slot, phase, stage, chunkMs, scheduledMs, startedMs, worker } = start;
  const when = startedMs === undefined ? "before the session could begin" : "while the session was open";
  return {
    ...{ seq, slot, phase, stage, clip, chunkMs, interim: true, scheduledMs },
    chunks: Math.ceil(clip.audioMs / chunkMs),
    ...(startedMs === undefined ? {} : { startedMs, endedMs: Math.max(startedMs, lostMs) }),
    pace: start.pace === 0 ? Infinity : start.pace,
    sentMs: [],
    acceptedMs: [],
    responses: [],
    cutShort: false,
    outcome: {
      ok: false,
      failure: {
        phase: startedMs === undefined ? "connect" : "streaming",
        class: "worker-lost",
        origin: "generator",
        code: "worker-lost",
        message: `worker ${worker} was lost ${when}`,
      },
    },
  };
}

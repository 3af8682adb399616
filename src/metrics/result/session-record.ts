/**
 * One line of `sessions.ndjson`: the whole timeline of a session as it was stamped, and no metric: what a metric is may change
 * without a record changing. A record turns back into the observation it was made of, so that a run can be added up again from
 * its records alone.
 */
import type { Failure, Outcome } from "../../base/outcome.ts";
import { toThousandths } from "../../base/thousandths.ts";
import type {
  ClipFacts,
  InjectedFaults,
  Observation,
  ResponseRecord,
  RunPhase,
} from "../observation/observation.ts";

/** Stamps that a session may end without. */
export const STAMPS = ["startedMs", "readyMs", "anchorMs", "finishedMs", "endedMs"] as const;

/** The version that is written. Lines of the first one, which had no `v`, are read by `session-record-v1.ts`. */
export const RECORD_VERSION = 2;

/** Times are milliseconds since the start of the run, in whole microseconds, but where a name ends in `Us`. */
export interface SessionRecord {
  /** First, because the beginning of a line is found by it where the line before was cut short. */
  seq: number;
  v: typeof RECORD_VERSION;
  slot: number;
  phase: RunPhase;
  stage: string;
  clip: string;
  audioMs: number;
  chunkMs: number;
  /** 0 = no pace, as fast as the server takes it. */
  pace: number;
  chunks: number;
  scheduledMs: number;
  startedMs?: number;
  readyMs?: number;
  anchorMs?: number;
  finishedMs?: number;
  endedMs?: number;
  cutShort?: true;
  /** Faults that were put into the session on purpose. */
  faults?: InjectedFaults;
  /** Present when no interim results were asked for. */
  interim?: false;
  ok: boolean;
  dropped?: true;
  failure?: Failure;
  responses: readonly ResponseRecord[];
  /** When each chunk was sent: microseconds after `scheduledMs`. */
  sentUs: readonly number[];
  /** When the transport had taken each chunk: microseconds after it was sent. May be shorter than `sentUs`. */
  acceptedAfterUs: readonly number[];
}

/**
 * The record of a session; `JSON.stringify` of it is the line.
 * @param observation whose stamps went through `inMicroseconds`
 */
export function sessionRecord(observation: Observation): SessionRecord {
  const { seq, slot, phase, stage, clip, chunkMs, pace, chunks, scheduledMs, outcome } = observation;
  const record: SessionRecord = {
    seq,
    v: RECORD_VERSION,
    slot,
    phase,
    stage,
    clip: clip.id,
    audioMs: toThousandths(clip.audioMs),
    chunkMs,
    pace: pace === Infinity ? 0 : pace,
    chunks,
    scheduledMs,
    ok: outcome?.ok === true,
    responses: observation.responses,
    sentUs: microsecondsAfter(() => scheduledMs, observation.sentMs),
    acceptedAfterUs: microsecondsAfter((k) => observation.sentMs[k] ?? NaN, observation.acceptedMs),
  };
  for (const name of STAMPS) {
    const value = observation[name];
    if (value !== undefined) record[name] = value;
  }
  if (observation.cutShort) record.cutShort = true;
  if (observation.faults !== undefined) record.faults = recordedFaults(observation.faults);
  if (!observation.interim) record.interim = false;
  if (outcome === undefined) record.dropped = true;
  else if (!outcome.ok) record.failure = outcome.failure;
  return record;
}

/**
 * The observation with its stamps in whole microseconds, of which the clock is sure. What is recorded and what is written
 * down must be the same thing, or a result rebuilt from the records would differ in its last digits. Stamps of chunks and
 * responses are rounded in place: their session is over, and this is on the timed path's thread.
 */
export function inMicroseconds(observation: Observation): Observation {
  const exact: Observation = { ...observation, scheduledMs: toThousandths(observation.scheduledMs) };
  for (const name of STAMPS) {
    const value = observation[name];
    if (value !== undefined) exact[name] = toThousandths(value);
  }
  roundAll(exact.sentMs);
  roundAll(exact.acceptedMs);
  for (const response of exact.responses) response.atMs = toThousandths(response.atMs);
  return exact;
}

/**
 * The observation that a record was made of, exactly, provided that it went through `inMicroseconds`.
 * @param clip facts of the clip that the record names
 */
export function observationOf(record: SessionRecord, clip: ClipFacts): Observation {
  const { seq, slot, phase, stage, chunkMs, pace, chunks, scheduledMs, faults, responses } = record;
  const sentUs = record.sentUs.map((afterUs) => Math.round(scheduledMs * 1000) + afterUs);
  const observation: Observation = {
    seq,
    slot,
    phase,
    stage,
    clip,
    chunkMs,
    pace: pace === 0 ? Infinity : pace,
    chunks,
    interim: record.interim !== false,
    scheduledMs,
    sentMs: Float64Array.from(sentUs.map((us) => us / 1000)),
    acceptedMs: Float64Array.from(
      record.acceptedAfterUs.map((afterUs, k) => ((sentUs[k] ?? NaN) + afterUs) / 1000),
    ),
    responses,
    cutShort: record.cutShort === true,
    ...outcomeOf(record),
  };
  for (const name of STAMPS) {
    const value = record[name];
    if (value !== undefined) observation[name] = value;
  }
  if (faults !== undefined) observation.faults = faults;
  return observation;
}

/** Without what else the plan of a session's faults holds. A typed array would be an object in JSON. */
function recordedFaults({ condition, delayMs, mute, lost }: InjectedFaults): InjectedFaults {
  return {
    condition,
    ...(delayMs === undefined ? {} : { delayMs: Array.from(delayMs) }),
    ...(mute === undefined ? {} : { mute }),
    ...(lost === undefined ? {} : { lost }),
  };
}

function outcomeOf({ failure, dropped, ok }: SessionRecord): { outcome?: Outcome } {
  if (dropped === true) return {};
  return { outcome: ok || failure === undefined ? { ok: true } : { ok: false, failure } };
}

/** Small whole numbers, which are written faster, and shorter, than fractions of milliseconds since the start of the run. */
function microsecondsAfter(fromMs: (k: number) => number, atMs: ArrayLike<number>): number[] {
  const us: number[] = [];
  for (let k = 0; k < atMs.length; k++)
    us.push(Math.round((atMs[k] ?? NaN) * 1000) - Math.round(fromMs(k) * 1000));
  return us;
}

function roundAll(values: { readonly length: number; [k: number]: number }): void {
  for (let k = 0; k < values.length; k++) values[k] = toThousandths(values[k] ?? NaN);
}

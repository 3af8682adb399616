/**
 * One line of `sessions.ndjson`: the whole timeline of a session and every value the catalogue takes from it. A record
 * turns back into the observation it was made of, so that a run can be added up again from its records alone.
 */
import type { Failure, Outcome } from "../../base/outcome.ts";
import { METRICS } from "../catalogue/catalogue.ts";
import { type SeriesMetric, type SessionMetric, speaksOf } from "../catalogue/metric.ts";
import {
  type ClipFacts,
  dueMs,
  type InjectedFaults,
  type Observation,
  plannedSendMs,
  type ResponseRecord,
  type RunPhase,
} from "../observation/observation.ts";
import { sessionValues } from "../catalogue/session-values.ts";

/** Stamps that a session may end without. */
const STAMPS = ["startedMs", "readyMs", "anchorMs", "finishedMs", "endedMs"] as const;

/** Times are milliseconds since the start of the run, rounded to a microsecond. */
export interface SessionRecord {
  seq: number;
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
  /** What was done to the session on purpose; the delays are in `values.injected_delay`. */
  faults?: Omit<InjectedFaults, "delayMs">;
  /** Present when no interim results were asked for. */
  interim?: false;
  ok: boolean;
  dropped?: true;
  failure?: Failure;
  responses: ResponseRecord[];
  /** When each chunk was sent, where there is no pace: then no chunk is ever due, and `send_lateness` can't tell. */
  sentMs?: number[];
  /**
   * By metric, and by metric with `_actual` where the actual sends take the place of the scheduled ones. With
   * `send_lateness` the time of each send is the scheduled one plus the value, with `back_pressure` that of its acceptance.
   * Lateness has one digit more than the rest: scheduled instants may fall between two microseconds.
   */
  values: Record<string, number | number[]>;
}

/** The record of a session; `JSON.stringify` of it is the line. */
export function sessionRecord(observation: Observation): SessionRecord {
  const { seq, slot, phase, stage, clip, chunkMs, pace, chunks, outcome } = observation;
  const record: SessionRecord = {
    seq,
    slot,
    phase,
    stage,
    clip: clip.id,
    audioMs: rounded(clip.audioMs),
    chunkMs,
    pace: pace === Infinity ? 0 : pace,
    chunks,
    scheduledMs: rounded(observation.scheduledMs),
    ok: outcome?.ok === true,
    responses: observation.responses.map((response) => ({ ...response, atMs: rounded(response.atMs) })),
    values: valuesByName(observation),
  };
  for (const name of STAMPS) {
    const value = observation[name];
    if (value !== undefined) record[name] = rounded(value);
  }
  if (pace === Infinity) record.sentMs = Array.from(observation.sentMs, (atMs) => rounded(atMs));
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
  const exact: Observation = { ...observation, scheduledMs: rounded(observation.scheduledMs) };
  for (const name of STAMPS) {
    const value = observation[name];
    if (value !== undefined) exact[name] = rounded(value);
  }
  roundAll(exact.sentMs);
  roundAll(exact.acceptedMs);
  for (const response of exact.responses) response.atMs = rounded(response.atMs);
  return exact;
}

/**
 * The observation that a record was made of, exactly, provided that it went through `inMicroseconds`.
 * @param clip facts of the clip that the record names
 */
export function observationOf(record: SessionRecord, clip: ClipFacts): Observation {
  const { seq, slot, phase, stage, chunkMs, pace, chunks, scheduledMs, responses } = record;
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
    sentMs: [],
    acceptedMs: [],
    responses,
    cutShort: record.cutShort === true,
    ...outcomeOf(record),
  };
  for (const name of STAMPS) {
    const value = record[name];
    if (value !== undefined) observation[name] = value;
  }
  if (record.faults !== undefined) {
    const delayMs = series(record, "injected_delay");
    observation.faults = delayMs.length === 0 ? record.faults : { ...record.faults, delayMs };
  }
  const sentMs =
    record.sentMs ??
    series(record, "send_lateness").map((late, k) => rounded(plannedSendMs(observation, k) + late));
  const acceptedMs = series(record, "back_pressure").map((held, k) => rounded((sentMs[k] ?? NaN) + held));
  return { ...observation, sentMs: Float64Array.from(sentMs), acceptedMs: Float64Array.from(acceptedMs) };
}

/** When the chunks of a recorded session were due [S_k], were to be sent [P_k] and were sent [X_k]; empty for what it lacks. */
export interface ChunkTimes {
  dueMs: readonly number[];
  plannedMs: readonly number[];
  sentMs: ArrayLike<number>;
}

/** The times of a session's chunks, from its record alone. */
export function chunkTimes(record: SessionRecord): ChunkTimes {
  const { clip: id, audioMs, chunks } = record;
  const clip: ClipFacts = { id, audioMs, onsetMs: 0, speechEndMs: audioMs, words: [] };
  const observation = observationOf(record, clip);
  const { anchorMs, pace, sentMs } = observation;
  if (anchorMs === undefined || pace === Infinity) return { dueMs: [], plannedMs: [], sentMs };
  const each = (at: (observation: Observation, k: number) => number): number[] =>
    Array.from({ length: chunks }, (_, k) => at(observation, k));
  return { dueMs: each(dueMs), plannedMs: each(plannedSendMs), sentMs };
}

function recordedFaults({ condition, mute, lost }: InjectedFaults): Omit<InjectedFaults, "delayMs"> {
  return { condition, ...(mute === undefined ? {} : { mute }), ...(lost === undefined ? {} : { lost }) };
}

function outcomeOf({ ok, failure, dropped }: SessionRecord): { outcome?: Outcome } {
  if (dropped === true) return {};
  return { outcome: ok || failure === undefined ? { ok: true } : { ok: false, failure } };
}

function series({ values }: SessionRecord, name: string): readonly number[] {
  const found = values[name];
  return Array.isArray(found) ? found : [];
}

function valuesByName(observation: Observation): Record<string, number | number[]> {
  const values: Record<string, number | number[]> = {};
  const { all, from } = sessionValues(observation);
  METRICS.forEach((metric, index) => {
    if (metric.per === "run") return;
    const first = from[index] ?? 0;
    const end = from[index + 1] ?? 0;
    if (metric.per === "session") {
      if (end > first) values[metric.name] = rounded(all[first] ?? NaN);
    } else if (end > first) {
      const series: number[] = [];
      const round = metric.name === "send_lateness" ? roundedFinely : rounded;
      for (let i = first; i < end; i++) series.push(round(all[i] ?? NaN));
      values[metric.name] = series;
    }
    if (metric.actual !== undefined && speaksOf(metric, observation)) putActual(values, metric, observation);
  });
  return values;
}

function putActual(
  values: Record<string, number | number[]>,
  metric: SessionMetric | SeriesMetric,
  observation: Observation,
): void {
  const name = `${metric.name}_actual`;
  if (metric.per === "session") {
    const value = metric.actual?.(observation);
    if (value !== undefined) values[name] = rounded(value);
  } else {
    const series: number[] = [];
    metric.actual?.(observation, (value) => series.push(rounded(value)));
    if (series.length > 0) values[name] = series;
  }
}

/** To a thousandth: a microsecond, of which the clock is sure. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function roundAll(values: { readonly length: number; [k: number]: number }): void {
  for (let k = 0; k < values.length; k++) values[k] = rounded(values[k] ?? NaN);
}

/** To a tenth of a microsecond. */
function roundedFinely(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

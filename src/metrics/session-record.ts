/** One line of `sessions.ndjson`: the whole timeline of a session and every value the catalogue takes from it. */
import type { Failure } from "../base/outcome.ts";
import { METRICS } from "./catalogue.ts";
import { type SeriesMetric, speaksOf } from "./metric.ts";
import type { Observation, ResponseRecord, RunPhase } from "./observation.ts";

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
  ok: boolean;
  dropped?: true;
  failure?: Failure;
  responses: ResponseRecord[];
  /**
   * By metric, and by metric with `_actual` where the actual sends take the place of the scheduled ones. With
   * `send_lateness` the time of each send is the scheduled one plus the value, with `back_pressure` that of its acceptance.
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
  for (const name of ["startedMs", "readyMs", "anchorMs", "finishedMs", "endedMs"] as const) {
    const value = observation[name];
    if (value !== undefined) record[name] = rounded(value);
  }
  if (observation.cutShort) record.cutShort = true;
  if (outcome === undefined) record.dropped = true;
  else if (!outcome.ok) record.failure = outcome.failure;
  return record;
}

function valuesByName(observation: Observation): Record<string, number | number[]> {
  const values: Record<string, number | number[]> = {};
  for (const metric of METRICS) {
    if (!speaksOf(metric, observation)) continue;
    if (metric.per === "session") {
      put(values, metric.name, metric.of(observation));
      put(values, `${metric.name}_actual`, metric.actual?.(observation));
    } else if (metric.per !== "run") {
      put(values, metric.name, collected(observation, metric.each));
      if (metric.actual !== undefined)
        put(values, `${metric.name}_actual`, collected(observation, metric.actual));
    }
  }
  return values;
}

function collected(observation: Observation, each: SeriesMetric["each"]): number[] | undefined {
  const values: number[] = [];
  each(observation, (value) => values.push(rounded(value)));
  return values.length === 0 ? undefined : values;
}

function put(
  values: Record<string, number | number[]>,
  name: string,
  value: number | number[] | undefined,
): void {
  if (value !== undefined) values[name] = typeof value === "number" ? rounded(value) : value;
}

/** To a thousandth: a microsecond, of which the clock is sure. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** What a metric is: one plain object, its definition in its help text. */
import type { ClipAccuracy } from "../observation/accuracy.ts";
import type { Counts } from "../observation/counts.ts";
import type { Observation, ResponseRecord } from "../observation/observation.ts";
import type { RunSums } from "./run-sums.ts";

export type MetricUnit = "ms" | "ratio" | "count" | "x" | "per_second";

/** Tables that people read: what a caller feels, what the generator did, what NVIDIA's client would say. */
export type MetricGroup = "latencies" | "generator" | "nvidia";

/** How a metric is called in front of people, and where it stands. */
export interface MetricRow {
  label: string;
  group: MetricGroup;
  /** Rows of a group are in this order: that of a session's life. */
  place: number;
}

interface MetricBase {
  name: string;
  /** Absent: tables don't show it, or in a line of its own. */
  row?: MetricRow;
  unit: MetricUnit;
  better: "lower" | "higher" | "neither";
  /** The definition, with its formula in the symbols of `docs/metrics.md`. */
  help: string;
  /**
   * True for what is measured on the generator or on the way out: counted for failed sessions too. All else is taken
   * from sessions that completed; a failed one is a violation in a gate instead of a value in a percentile.
   */
  ofFailed?: true;
  /** True for what has a meaning without the pace of a microphone, when no audio is ever due. */
  ofUnpaced?: true;
  /** Why no SLO may use it, with what to use instead. */
  notForGates?: string;
}

/** One value a session, or none. */
export interface SessionMetric extends MetricBase {
  per: "session";
  of(observation: Observation): number | undefined;
  /** The same from the actual sends X_k in place of the scheduled S_k; for those who look at a session. */
  actual?(observation: Observation): number | undefined;
  /** The response whose arrival the value ends with; there whenever the value is. */
  answer?(observation: Observation): ResponseRecord | undefined;
}

/** Any number of values a session. */
export interface SeriesMetric extends MetricBase {
  per: "response" | "chunk" | "word";
  /** @param emit is given each value and, for a wait that a response ended, that response */
  each(observation: Observation, emit: (value: number, answer?: ResponseRecord) => void): void;
  actual?(observation: Observation, emit: (value: number) => void): void;
  /** Keeps every value, because its percentile rule picks a sample and is printed with five digits. */
  exact?: true;
}

/** One value a run, from counts and sums over the steady window. */
export interface RunMetric extends MetricBase {
  per: "run";
  /** There is one of each stage too: it rests on counts, which are kept by stage, and not on sums over the window. */
  byStage?: true;
  /**
   * Only for a ratio over `RunTotals.accuracy`: the amounts that a clip adds to its two sums. The clips are the sample behind its
   * interval.
   */
  ofClips?(clip: ClipAccuracy): readonly [part: number, whole: number];
  /** It can be certain to break a limit before the end of the run: a share of sessions, or a sum that only grows. */
  certainEarly?: true;
  from(run: RunTotals): number | undefined;
}

export type Metric = SessionMetric | SeriesMetric | RunMetric;

/** What run metrics are made of. */
export interface RunTotals {
  windowMs: number;
  /** Of the sessions scheduled in the window. */
  steady: Counts;
  /** Of those, the ones that met every SLO and had no error. */
  good: number;
  sums: RunSums;
  /** Transcript accuracy of those sessions, by clip. */
  accuracy: readonly ClipAccuracy[];
}

/** A ratio of two sums over clips; undefined where there is nothing to divide by. */
export function ratioOver(
  clips: readonly ClipAccuracy[],
  partsOf: NonNullable<RunMetric["ofClips"]>,
): number | undefined {
  let [part, whole] = [0, 0];
  for (const clip of clips) {
    const [itsPart, itsWhole] = partsOf(clip);
    part += itsPart;
    whole += itsWhole;
  }
  return whole > 0 ? part / whole : undefined;
}

/** Ticks of a histogram per unit of a metric: microseconds for times, millionths for everything else. */
export function ticksPerUnit(unit: MetricUnit): number {
  return unit === "ms" ? 1000 : 1e6;
}

/** True when the session has a say in the metric: it completed (or the metric counts failed sessions too), at a pace. */
export function speaksOf(metric: Metric, { outcome, pace }: Observation): boolean {
  if (pace === Infinity && metric.ofUnpaced !== true) return false;
  return metric.ofFailed === true || outcome?.ok === true;
}

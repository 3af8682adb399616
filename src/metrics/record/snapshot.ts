/** What a worker tells the coordinator about one interval: plain JSON, lossless to add up. */
import type { ClipAccuracy } from "../observation/accuracy.ts";
import type { Counts } from "../observation/counts.ts";
import type { HistogramCounts } from "./histogram.ts";
import type { RunSums } from "../catalogue/run-sums.ts";

/** The values of one metric. */
export interface SeriesCounts {
  histogram: HistogramCounts;
  /** Sessions that contributed: the sample size, where a session has many values. */
  sessions: number;
  /** Of a metric with SLOs: values at or below each of its limits (`limitsOf`), counted from the values themselves. */
  atMost?: number[];
  /** The session with the largest value of the interval: where to look when the latencies look bad. */
  worst?: Exemplar;
}

/** A value and the session that it is of. */
export interface Exemplar {
  seq: number;
  value: number;
  /** End of the session, milliseconds since the start of the run. */
  endedMs: number;
}

/** The process's own condition in the interval. */
export interface WorkerHealth {
  /** Longest that the event loop was late. */
  loopDelayMs: number;
}

export interface Snapshot {
  /** Milliseconds since the start of the run. The interval holds the sessions that ended in it. */
  fromMs: number;
  toMs: number;
  /** By `phase|stage|metric`. */
  series: Record<string, SeriesCounts>;
  /** By `phase|stage`. */
  counts: Record<string, Counts>;
  /** Per SLO, in the order configured: rows of [values, of them in violation, sessions], steady sessions only. */
  tallies: [values: number, over: number, sessions: number][][];
  /** By stage, steady sessions that met every SLO. */
  good: Record<string, number>;
  sums: RunSums;
  /** By stage, what the transcripts of steady sessions were worth, a row for each clip. */
  accuracy: Record<string, ClipAccuracy[]>;
  /** Every steady value of the metrics whose percentiles pick a sample. */
  exact: Record<string, number[]>;
  /** Rows of [second s of the run, change of the number of sessions open at that instant]. */
  openChanges: [second: number, change: number][];
  health?: WorkerHealth;
}

/** Key of `Snapshot.counts`. */
export function groupKey(phase: string, stage: string): string {
  return `${phase}|${stage}`;
}

/** The parts of a key of `Snapshot.series`; of `Snapshot.counts` the first two. */
export function keyParts(key: string): { phase: string; stage: string; metric: string } {
  const [phase = "", stage = "", metric = ""] = key.split("|");
  return { phase, stage, metric };
}

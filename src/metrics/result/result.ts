/** `result.json`: what a run leaves behind, and all that reports, gates and comparisons read. */
import type { PrintedPercentile } from "../stats/percentiles.ts";
import type { CalibrationQuote } from "../judge/calibration.ts";
import type { ClipAccuracy } from "../observation/accuracy.ts";
import type { Counts } from "../observation/counts.ts";
import type { MetricUnit } from "../catalogue/metric.ts";
import type { RunPhase } from "../observation/observation.ts";
import type { RemoteWorkers } from "./remote-workers.ts";
import type { ServerPoint } from "./server-side.ts";
import type { MergedShards, ShardFacts } from "./shards.ts";

export const RUN_SCHEMA = "riva-bench/run@1";

/** Version of what the metrics mean; raised with each entry of `REDEFINED`. */
export const METRICS_VERSION = 2;

/** Metrics that meant something else before the version given here: older figures are not comparable and not read. */
const REDEFINED: Readonly<Record<string, number>> = { keep_up: 2 };

export interface Check {
  name: string;
  verdict: "pass" | "fail" | "inconclusive";
  /** In the metric's unit. */
  observed?: number;
  /** As a person would write it: "p95 < 800ms". */
  limit?: string;
  /** What was found and what to do about it. */
  advice?: string;
}

/** Numbers of one metric, in its unit. Percentiles are nearest-rank, to three significant digits. */
export interface Summary extends Partial<Record<PrintedPercentile, number>> {
  unit: MetricUnit;
  /** Values; for a metric with one value a run, the sessions it speaks of. */
  count: number;
  /** Sessions that contributed, where one may give many values. */
  sessions?: number;
  /** Of metrics with one value a run. */
  value?: number;
  /** Only for ratios over clips: the 95 % interval of `value`, absent for too few clips, and the number of clips behind it. */
  low?: number;
  high?: number;
  clips?: number;
  min?: number;
  mean?: number;
  max?: number;
  /** Values below zero; they count in the percentiles and are never clamped. */
  negatives?: number;
  /** Percentiles whose sample is large enough (99 % confidence, one sample above). */
  certified?: string[];
  /** HdrHistogram V2 of microseconds or millionths (`histogram.ts`), so that runs merge. */
  histogram?: string;
}

export interface TimelineMetric {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** About one second of the run (more in runs over an hour); values are of the sessions of any phase that ended in it. */
export interface TimelinePoint {
  /** Milliseconds since the start of the run. */
  fromMs: number;
  toMs: number;
  /** The part of the run that its start belongs to. */
  phase: RunPhase;
  /** Sessions open at its end. */
  open: number;
  ended: { scheduled: number; completed: number; failed: number; dropped: number };
  metrics: Record<string, TimelineMetric>;
  /** Longest event-loop delay of any worker. */
  loopDelayMs?: number;
  /** What the server's own metrics said of it, where they were read. */
  server?: ServerPoint;
}

export interface Validity {
  status: "valid" | "degraded" | "void";
  checks: Check[];
}

export type RunVerdict = "pass" | "fail" | "inconclusive" | "void";

/** One address of the target's name. */
export interface AddressShare {
  /** IP address, without brackets. */
  address: string;
  sessions: number;
  /** Why it got none. */
  leftOut?: string;
}

/** Metrics whose slowest values are attributed. */
export const ATTRIBUTED = ["response_latency", "first_partial_from_onset", "final_from_speech_end"] as const;
export type Attributed = (typeof ATTRIBUTED)[number];

export type AttributedPart = "queue" | "compute" | "network" | "generator" | "rest";

export interface Attribution {
  metric: Attributed;
  /** The p95, and the mean of the values at or beyond it, which the parts add up to. */
  p95Ms: number;
  tailMeanMs: number;
  /** Values in the tail. */
  values: number;
  /** Milliseconds; absent when the data does not say. */
  parts?: Record<AttributedPart, number>;
  /** In words: what the parts amount to, or why nothing can be said. */
  says: string;
}

export interface RunResult {
  schema: typeof RUN_SCHEMA;
  /** `METRICS_VERSION` of the program that wrote it; absent = 1. */
  metricsVersion?: number;
  verdict: RunVerdict;
  /** May the run be believed? Decided before any SLO. */
  validity: Validity;
  /** The SLOs and the built-in checks of the target. */
  slos: Check[];
  run: {
    id: string;
    /** ISO 8601. */
    startedAt: string;
    endedAt: string;
    interrupted: boolean;
    seed: number;
    planHash: string;
    /** Name and version of this program. */
    tool: string;
    /** Commit of the working copy, where there is one. */
    git?: string;
    node: string;
    host: string;
    cpus: number;
    workers: number;
    /** What `bench calibrate` found of this machine before the run; absent where it was never asked. */
    calibration?: CalibrationQuote;
    /** The workers' hosts and clocks; absent when they were on this machine. */
    remote?: RemoteWorkers;
    /** Present when this is one part of a run; nothing is decided then but its own validity. */
    shard?: ShardFacts;
    /** Present when the run was put together from its parts. */
    shards?: MergedShards;
  };
  target: {
    name: string;
    kind: string;
    uri: string;
    /** True when the project's own emulator answered: such figures say nothing of any product. */
    emulated: boolean;
    /** A recogniser that really listens, but is not the product that is meant, such as `PocketSphinx, CPU`. */
    standIn?: string;
    model?: string;
    /** What the server says of itself. */
    server?: Record<string, string>;
    /** The HTTP proxy that connections went through, without credentials. */
    proxy?: string;
    /** Where the target's name has several addresses: the sessions that each had, those of warm-up and drain included. */
    addresses?: AddressShare[];
  };
  /** As resolved. */
  scenario: unknown;
  dataset: {
    name: string;
    clips: number;
    /** Clips whose transcript can't be judged; absent when all have a reference. */
    withoutReference?: number;
    audioSeconds: number;
    sha256: string;
  };
  window: { warmupMs: number; steadyMs: number; drainMs: number };
  /** Of the steady window: scheduled in it, followed to their end. */
  sessions: Counts;
  sessionsByPhase: Record<RunPhase, Counts>;
  metrics: Record<string, Summary>;
  byStage: Record<string, Record<string, Summary>>;
  timeline: TimelinePoint[];
  /** Transcript accuracy by clip; absent where nothing was scored. */
  accuracy?: ClipAccuracy[];
  /** Where the time of the slowest values went; present when the server's own metrics were read. */
  attribution?: Attribution[];
}

/** `run.json`: what is known of a run when it starts and can't be found in its records. */
export interface RunManifest {
  schema: "riva-bench/manifest@1";
  run: Omit<RunResult["run"], "endedAt" | "interrupted">;
  target: RunResult["target"];
  dataset: RunResult["dataset"];
  /** The coordinator's process, on `run.host`: while it is there, the run goes on. */
  pid: number;
}

/**
 * Validity first: a void run has no other verdict, one failed SLO fails the rest, and no pass is given on doubt, nor to a run that was
 * interrupted, which was to measure more.
 */
export function overallVerdict(
  validity: Validity,
  slos: readonly Check[],
  { interrupted }: Pick<RunResult["run"], "interrupted">,
): RunVerdict {
  if (validity.status === "void") return "void";
  if (slos.some((check) => check.verdict === "fail")) return "fail";
  if (interrupted || slos.some((check) => check.verdict === "inconclusive")) return "inconclusive";
  return "pass";
}

/** Adds the versions and the verdict that follow from the rest. */
export function buildRunResult(parts: Omit<RunResult, "schema" | "metricsVersion" | "verdict">): RunResult {
  const verdict = overallVerdict(parts.validity, parts.slos, parts.run);
  return { ...parts, schema: RUN_SCHEMA, metricsVersion: METRICS_VERSION, verdict };
}

/** True when the metric meant something else to the program that wrote the result. */
export function meantOtherwise({ metricsVersion = 1 }: RunResult, metric: string): boolean {
  return metricsVersion < (REDEFINED[metric] ?? 1);
}

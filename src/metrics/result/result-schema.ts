/** The schema of `result.json`: what is checked on reading, and the source of `schema/run.schema.json`. */
import { NORMALIZERS, SCORED_UNITS } from "../../base/text/scoring/normalizers.ts";
import { z } from "zod";
import type { FailureOrigin, FailurePhase } from "../../base/outcome.ts";
import { FAILURE_CLASSES } from "../../base/outcome.ts";
import { isRunId } from "../../base/run-id.ts";
import type { Calibration } from "../judge/calibration.ts";
import type { PrintedPercentile } from "../stats/percentiles.ts";
import { PRINTED } from "../stats/percentiles.ts";
import { ATTRIBUTED, type RunManifest, type RunResult } from "./result.ts";
import { MOST_SHARDS } from "./shards.ts";

const count = z.int().nonnegative();
/** Processes: a reader makes a list of them. */
const workers = z.int().nonnegative().max(100_000);
/** Parts of a run, counted from 1. */
const shardNumber = z.int().positive().max(MOST_SHARDS);
const unit = z.enum(["ms", "ratio", "count", "x", "per_second"]);
const phase = z.enum(["warmup", "steady", "drain"]);

const check = z.strictObject({
  name: z.string(),
  verdict: z.enum(["pass", "fail", "inconclusive"]),
  observed: z.number().exactOptional(),
  limit: z.string().exactOptional(),
  advice: z.string().exactOptional(),
});

/** Every member of a union, by the compiler's word: one that is missing or unknown doesn't compile. */
function membersOf<T extends string>(members: Record<T, true>): T[] {
  return Object.keys(members) as T[];
}

const failure = z.strictObject({
  phase: z.enum(
    membersOf<FailurePhase>({
      resolve: true,
      connect: true,
      tls: true,
      auth: true,
      configure: true,
      "first-chunk": true,
      streaming: true,
      flush: true,
      close: true,
    }),
  ),
  class: z.enum(FAILURE_CLASSES),
  origin: z.enum(
    membersOf<FailureOrigin>({
      server: true,
      network: true,
      "client-config": true,
      generator: true,
      caller: true,
      unknown: true,
    }),
  ),
  count,
  examples: z
    .array(z.strictObject({ seq: count, clip: z.string(), reference: z.string(), answer: z.string() }))
    .exactOptional(),
});

const counts = z.strictObject({
  scheduled: count,
  started: count,
  completed: count,
  failed: count,
  dropped: count,
  failures: z.array(failure),
});

const number = z.number().exactOptional();
const percentiles = Object.fromEntries(PRINTED.map((name) => [name, number])) as Record<
  PrintedPercentile,
  typeof number
>;
const summary = z.strictObject({
  unit,
  count,
  sessions: count.exactOptional(),
  value: number,
  low: number,
  high: number,
  clips: number,
  min: number,
  mean: number,
  max: number,
  ...percentiles,
  negatives: count.exactOptional(),
  certified: z.array(z.string()).exactOptional(),
  histogram: z.string().exactOptional(),
});
const summaries = z.record(z.string(), summary);

const timelineMetric = z.strictObject({
  count,
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  max: z.number(),
});
const serverPoint = z.strictObject({
  requests: z.number(),
  failures: z.number(),
  queueMs: z.number().exactOptional(),
  computeMs: z.number().exactOptional(),
  batch: z.number().exactOptional(),
  pending: z.number().exactOptional(),
  gpuUtilization: z.number().exactOptional(),
  gpuMemoryBytes: z.number().exactOptional(),
  gpuPowerWatts: z.number().exactOptional(),
});
const attribution = z.strictObject({
  metric: z.enum(ATTRIBUTED),
  p95Ms: z.number(),
  tailMeanMs: z.number(),
  values: count,
  parts: z
    .strictObject({
      queue: z.number(),
      compute: z.number(),
      network: z.number(),
      generator: z.number(),
      rest: z.number(),
    })
    .exactOptional(),
  says: z.string(),
});
const timelinePoint = z.strictObject({
  fromMs: z.number(),
  toMs: z.number(),
  phase,
  open: z.int(),
  ended: z.strictObject({ scheduled: count, completed: count, failed: count, dropped: count }),
  metrics: z.record(z.string(), timelineMetric),
  loopDelayMs: z.number().exactOptional(),
  server: serverPoint.exactOptional(),
});

const run = z.strictObject({
  // A folder is named by it.
  id: z.string().refine(isRunId, { error: "is not the id of a run" }),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  interrupted: z.boolean(),
  seed: z.number(),
  planHash: z.string(),
  tool: z.string(),
  git: z.string().exactOptional(),
  node: z.string(),
  host: z.string(),
  cpus: count,
  workers,
  calibration: z
    .strictObject({
      at: z.iso.datetime(),
      biasMs: z.number(),
      p50Ms: z.number(),
      p99Ms: z.number(),
      upToStreams: count,
      beyond: z.boolean(),
    })
    .exactOptional(),
  remote: z
    .strictObject({
      startSpreadMs: z.number().exactOptional(),
      workers: z.array(
        z.strictObject({
          index: count,
          host: z.string().exactOptional(),
          weight: z.int().positive().exactOptional(),
          processes: z.int().positive().exactOptional(),
          clockOffsetMs: z.number().exactOptional(),
          clockUncertaintyMs: z.number().exactOptional(),
          startedAtMs: z.number().exactOptional(),
          load: z
            .strictObject({
              sessions: count,
              cpuShareMax: z.number(),
              loopDelayMaxMs: z.number(),
              latenessP99Ms: z.number().exactOptional(),
            })
            .exactOptional(),
        }),
      ),
    })
    .exactOptional(),
  shard: z
    .strictObject({
      index: shardNumber,
      count: shardNumber,
      startAt: z.iso.datetime(),
      metadataSha256: z.string().exactOptional(),
      pausedSlotMs: z.number().exactOptional(),
      reachableAtEnd: z.boolean().exactOptional(),
    })
    .exactOptional(),
  shards: z
    .strictObject({
      count: shardNumber,
      merged: z.array(
        z.strictObject({
          index: shardNumber,
          run: z.string(),
          host: z.string(),
          startedAt: z.iso.datetime(),
          workers,
          cutShort: z.literal(true).exactOptional(),
          cutInDrain: z.literal(true).exactOptional(),
        }),
      ),
      missing: z.array(shardNumber),
      startSpreadMs: z.number(),
    })
    .exactOptional(),
});
const target = z.strictObject({
  name: z.string(),
  kind: z.string(),
  uri: z.string(),
  emulated: z.boolean(),
  standIn: z.string().exactOptional(),
  model: z.string().exactOptional(),
  server: z.record(z.string(), z.string()).exactOptional(),
  proxy: z.string().exactOptional(),
  addresses: z
    .array(z.strictObject({ address: z.string(), sessions: count, leftOut: z.string().exactOptional() }))
    .exactOptional(),
});
const dataset = z.strictObject({
  name: z.string(),
  clips: count,
  withoutReference: count.exactOptional(),
  audioSeconds: z.number(),
  sha256: z.string(),
});

const clipAccuracy = z.strictObject({
  clip: z.string(),
  unit: z.enum(SCORED_UNITS),
  normalizer: z.enum(NORMALIZERS),
  sessions: count,
  reference: count,
  substitutions: count,
  insertions: count,
  deletions: count,
  failed: count,
  failedReference: count,
  compared: count,
  same: count,
  worst: z.strictObject({ edits: count, reference: z.string(), answer: z.string() }).exactOptional(),
});

// Typed by the interface: a field that one has and the other lacks doesn't compile.
const runResult: z.ZodType<RunResult> = z.strictObject({
  schema: z.literal("riva-bench/run@1"),
  metricsVersion: count.exactOptional(),
  verdict: z.enum(["pass", "fail", "inconclusive", "void"]),
  validity: z.strictObject({ status: z.enum(["valid", "degraded", "void"]), checks: z.array(check) }),
  slos: z.array(check),
  run,
  target,
  scenario: z.unknown(),
  dataset,
  window: z.strictObject({ warmupMs: z.number(), steadyMs: z.number(), drainMs: z.number() }),
  sessions: counts,
  sessionsByPhase: z.strictObject({ warmup: counts, steady: counts, drain: counts }),
  metrics: summaries,
  byStage: z.record(z.string(), summaries),
  timeline: z.array(timelinePoint),
  accuracy: z.array(clipAccuracy).exactOptional(),
  attribution: z.array(attribution).exactOptional(),
});

const runManifest: z.ZodType<RunManifest> = z.strictObject({
  schema: z.literal("riva-bench/manifest@1"),
  run: run.omit({ endedAt: true, interrupted: true }),
  target,
  dataset,
  pid: count,
});

const calibration: z.ZodType<Calibration> = z.strictObject({
  schema: z.literal("riva-bench/calibration@1"),
  at: z.iso.datetime(),
  machine: z.strictObject({
    host: z.string(),
    cpus: count,
    cpu: z.string(),
    node: z.string(),
    tool: z.string(),
  }),
  levels: z.array(
    z.strictObject({
      streams: count,
      chunksPerSecond: z.number(),
      workers,
      transport: z.string(),
      responses: count,
      biasMs: z.number(),
      p50Ms: z.number(),
      p99Ms: z.number(),
      maxMs: z.number(),
      latenessP99Ms: z.number(),
      honest: z.boolean(),
      why: z.string().exactOptional(),
    }),
  ),
});

/** The result itself, or what is wrong with it: the path of the first field at fault and why. */
export function checkRunResult(value: unknown): RunResult | string {
  return checked(runResult, value);
}

/** The manifest itself, or what is wrong with it. */
export function checkRunManifest(value: unknown): RunManifest | string {
  return checked(runManifest, value);
}

/** The calibration itself, or what is wrong with it. */
export function checkCalibration(value: unknown): Calibration | string {
  return checked(calibration, value);
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T | string {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return issue === undefined ? "unknown problem" : `${issue.path.join(".")}: ${issue.message}`;
}

/** The published JSON Schema (draft 2020-12). */
export function runResultJsonSchema(): unknown {
  return {
    title: "riva-bench run result, version 1",
    ...z.toJSONSchema(runResult, { target: "draft-2020-12", reused: "ref" }),
  };
}

/** Hand-made results, one for each thing that a report has to say. */
import { emptyCounts } from "../../src/metrics/observation/counts.ts";
import type { Counts } from "../../src/metrics/observation/counts.ts";
import type { RunResult, Summary, TimelineMetric, TimelinePoint } from "../../src/metrics/result/result.ts";
import { buildRunResult } from "../../src/metrics/result/result.ts";
import { certifiedPercentiles } from "../../src/metrics/stats/certainty.ts";

const SESSIONS = 358;

const SCENARIO = {
  name: "concurrency-50",
  description: "Fifty callers at once, each followed by the next",
  load: { model: "concurrency", streams: 50, rampInMs: 5000, thinkMs: 0 },
  warmupMs: 10_000,
  steadyMs: 60_000,
  drainMs: 24_700,
  audio: { dataset: "default", chunkMs: 100, pace: 1, phase: "spread" },
  recognition: { language: "en-US", interim: true },
  transport: "riva-grpc",
  slo: ["first_partial_from_onset p95 < 1000ms", "final_from_speech_end p95 < 1200ms", "error_ratio < 1%"],
};

/** Percentiles in the order p50, p90, p95, p99, p99.9; count and sessions differ where a session has many values. */
function latency(percentiles: readonly number[], count = SESSIONS): Summary {
  const [p50 = 0, p90 = 0, p95 = 0, p99 = 0, p999 = 0] = percentiles;
  return {
    unit: "ms",
    count,
    ...(count === SESSIONS ? {} : { sessions: SESSIONS }),
    min: p50 / 2,
    mean: p50 * 1.04,
    max: p999 * 1.1,
    p50,
    p90,
    p95,
    p99,
    p999,
    certified: certifiedPercentiles(SESSIONS),
  };
}

function single(unit: Summary["unit"], value: number): Summary {
  return { unit, count: SESSIONS, value };
}

const METRICS: Record<string, Summary> = {
  session_setup: latency([1.21, 2.04, 2.6, 6.13, 11.2]),
  first_partial_from_audio: latency([486, 771, 842, 1020, 1140]),
  first_partial_from_onset: latency([312, 401, 438, 522, 610]),
  response_latency: latency([91.4, 142, 163, 221, 314], 26_411),
  partial_gap: latency([160, 171, 182, 241, 322], 14_208),
  final_from_last_chunk: { ...latency([64.1, 131, 148, 203, 266]), min: -212, negatives: 17 },
  final_from_close: latency([63.9, 131, 147, 203, 266]),
  final_from_speech_end: latency([421, 602, 664, 811, 934]),
  nvidia_compat_latency: latency([90.812, 141.07, 162.55, 220.1, 313.6], 26_411),
  nvidia_compat_intermediate: latency([90.401, 139.92, 160.2, 218.9, 310.1], 26_053),
  nvidia_compat_final: latency([64.22, 131.4, 148.91, 203.3, 266.4]),
  send_lateness: latency([0.31, 0.72, 0.98, 1.84, 4.02], 26_800),
  start_slip: latency([0.4, 0.9, 1.1, 2.3, 3.1]),
  back_pressure: latency([0.02, 0.05, 0.09, 0.31, 1.4], 26_800),
  error_ratio: single("ratio", 0),
  goodput: single("ratio", 0.986),
  rtfx: single("x", 43.72),
  keep_up: single("ratio", 0.999),
  concurrency: { ...single("count", 49.93), max: 50 },
  premature_partials: single("count", 0),
  nvidia_compat_unpaired: single("count", 0),
  rtfx_nvidia_compat: single("x", 38.11),
};

function counts(scheduled: number, failures: Counts["failures"] = []): Counts {
  const failed = failures.reduce((sum, failure) => sum + failure.count, 0);
  return { scheduled, started: scheduled, completed: scheduled - failed, failed, dropped: 0, failures };
}

/** Ups and downs without a random number: `second` scattered over `range` values. */
function scatter(second: number, range: number): number {
  return (second * 37) % range;
}

function spread(count: number, p50: number, width: number): TimelineMetric {
  return { count, p50, p95: p50 + width, p99: p50 + 1.5 * width, max: p50 + 2 * width };
}

/** As the target's own metrics say it, the first second not: there is nothing before it to subtract. */
function serverPoint(second: number, queueMs: number): TimelinePoint["server"] {
  if (second === 0) return undefined;
  const busy = Math.min(1, second / 5);
  return {
    requests: Math.round(busy * (300 + scatter(second, 20))),
    failures: queueMs > 500 ? scatter(second, 4) : 0,
    queueMs: 4 + scatter(second, 9) / 3 + queueMs,
    computeMs: 21 + scatter(second, 5) / 2,
    batch: 1 + busy * 6 + scatter(second, 10) / 10,
    pending: Math.round(queueMs / 20) + scatter(second, 3),
    gpuUtilization: busy * (queueMs > 0 ? 0.99 : 0.55 + scatter(second, 12) / 100),
    gpuMemoryBytes: 9.4e9,
    gpuPowerWatts: 70 + busy * (queueMs > 0 ? 215 : 120 + scatter(second, 15)),
  };
}

/**
 * Seconds of a run of 10 s + 60 s + 8 s; `slower` is added to every latency of a second, `failed` are its failures.
 *
 * @param queueMs of the server in a second; absent = its metrics were not read
 */
function timeline(
  slower: (second: number) => number,
  failed: (second: number) => number,
  queueMs?: (second: number) => number,
): TimelinePoint[] {
  return Array.from({ length: 78 }, (_, second) => {
    const completed = second < 3 ? 0 : 4 + scatter(second, 5);
    const latenessMs = 0.3 + scatter(second, 7) / 10;
    const server = serverPoint(second, queueMs?.(second) ?? 0);
    return {
      fromMs: second * 1000,
      toMs: (second + 1) * 1000,
      phase: second < 10 ? "warmup" : second < 70 ? "steady" : "drain",
      open:
        second < 5 ? (second + 1) * 10 : second < 70 ? 50 - (second % 17 === 0 ? 1 : 0) : (78 - second) * 6,
      ended: { scheduled: completed + failed(second), completed, failed: failed(second), dropped: 0 },
      metrics: {
        ...(completed === 0
          ? {}
          : {
              first_partial_from_onset: spread(completed, 290 + scatter(second, 61) + slower(second), 110),
              final_from_speech_end: spread(completed, 390 + scatter(second, 83) + slower(second), 210),
            }),
        send_lateness: spread(500, latenessMs, 0.6),
      },
      loopDelayMs: 1 + scatter(second, 5),
      ...(queueMs === undefined || server === undefined ? {} : { server }),
    };
  });
}

const PARTS: Parameters<typeof buildRunResult>[0] = {
  validity: {
    status: "valid",
    checks: [
      { name: "sessions_in_window", verdict: "pass", observed: SESSIONS },
      { name: "send_lateness_p99", verdict: "pass", observed: 1.84, limit: "<= 10ms" },
      { name: "generator_failures", verdict: "pass", observed: 0, limit: "<= 1%" },
      { name: "stalls", verdict: "pass", observed: 0, limit: "< 500ms" },
      { name: "concurrency_off_plan", verdict: "pass", observed: 0.0014, limit: "<= 2%" },
      { name: "lost_workers", verdict: "pass", observed: 0, limit: "<= 5%" },
    ],
  },
  slos: [
    { name: "first_partial_from_onset p95 < 1000ms", verdict: "pass", observed: 438, limit: "< 1000ms" },
    { name: "final_from_speech_end p95 < 1200ms", verdict: "pass", observed: 664, limit: "< 1200ms" },
    { name: "error_ratio < 1%", verdict: "pass", observed: 0, limit: "< 1%" },
    { name: "target_alive", verdict: "pass", observed: 0, limit: "0" },
  ],
  run: {
    id: "2025-03-14T09-26-53-concurrency-50-5f3a",
    startedAt: "2025-03-14T09:26:53.000Z",
    endedAt: "2025-03-14T09:28:11.400Z",
    interrupted: false,
    seed: 1,
    planHash: "9b1c4f0e72aa63d5",
    tool: "riva-bench 0.1.0",
    git: "4eddfff1c2ab",
    node: "v20.20.2",
    host: "bench-1",
    cpus: 8,
    workers: 1,
  },
  target: {
    name: "emulator-nim",
    kind: "riva-grpc",
    uri: "grpc://127.0.0.1:40123",
    emulated: true,
    model: "emulated-nim-160ms",
    server: { chunk_size: "160ms", counted_started: "466", counted_completed: "466" },
  },
  scenario: SCENARIO,
  dataset: { name: "core", clips: 29, audioSeconds: 196.4, sha256: "0d3f6f1f".repeat(8) },
  window: { warmupMs: 10_000, steadyMs: 60_000, drainMs: 8_400 },
  sessions: counts(SESSIONS),
  sessionsByPhase: { warmup: counts(58), steady: counts(SESSIONS), drain: counts(50) },
  metrics: METRICS,
  byStage: {},
  timeline: timeline(
    () => 0,
    () => 0,
  ),
};

/** Everything in order, against the emulator, on a machine that was calibrated. */
export const PASSED: RunResult = buildRunResult({
  ...PARTS,
  run: {
    ...PARTS.run,
    calibration: {
      ...{ at: "2025-03-01T08:00:00.000Z", biasMs: 0.412, p50Ms: 0.381, p99Ms: 0.823 },
      ...{ upToStreams: 100, beyond: false },
    },
  },
});

const FAILURES: Counts["failures"] = [
  { phase: "flush", class: "deadline", origin: "server", count: 9 },
  { phase: "streaming", class: "unavailable", origin: "server", count: 21 },
  { phase: "connect", class: "refused", origin: "network", count: 3 },
];

/** A server that slows down and sheds sessions in the middle of the window; the run is degraded as well. */
export const FAILED: RunResult = buildRunResult({
  ...PARTS,
  validity: {
    status: "degraded",
    checks: PARTS.validity.checks.map((check) =>
      check.name === "send_lateness_p99"
        ? {
            ...check,
            verdict: "inconclusive",
            observed: 6.31,
            advice:
              "audio left late: give the generator a core of its own, lower the number of streams, or add workers",
          }
        : check,
    ),
  },
  slos: [
    {
      name: "first_partial_from_onset p95 < 1000ms",
      verdict: "inconclusive",
      observed: 981,
      limit: "< 1000ms",
      advice: "14 of 358 sessions break the limit or failed, up to 8 may; more sessions would decide it",
    },
    {
      name: "final_from_speech_end p95 < 1200ms",
      verdict: "fail",
      observed: 1740,
      limit: "< 1200ms",
      advice: "61 of 358 sessions break the limit or failed, up to 8 may",
    },
    { name: "error_ratio < 1%", verdict: "fail", observed: 33 / SESSIONS, limit: "< 1%" },
    {
      name: "target_alive",
      verdict: "fail",
      observed: 3,
      limit: "0",
      advice: "3 session(s) were refused a connection: the target was down",
    },
  ],
  target: {
    name: "asr-staging",
    kind: "riva-grpc",
    uri: "grpcs://asr.staging.example:443",
    emulated: false,
    model: "parakeet-1.1b-en-US-asr-streaming",
  },
  sessions: counts(SESSIONS, FAILURES),
  sessionsByPhase: {
    warmup: counts(58, [{ phase: "configure", class: "timeout", origin: "server", count: 1 }]),
    steady: counts(SESSIONS, FAILURES),
    drain: counts(50, [{ phase: "flush", class: "deadline", origin: "server", count: 1 }]),
  },
  metrics: {
    ...METRICS,
    first_partial_from_onset: latency([488, 870, 981, 1310, 1620]),
    final_from_speech_end: latency([702, 1480, 1740, 2210, 2630]),
    send_lateness: latency([0.41, 1.9, 3.02, 6.31, 12.4], 26_800),
    error_ratio: single("ratio", 33 / SESSIONS),
    goodput: single("ratio", 0.781),
    keep_up: single("ratio", 0.941),
    nvidia_compat_unpaired: single("count", 12),
  },
  timeline: timeline(
    (second) => (second > 30 && second < 58 ? (second - 30) * 45 : 0),
    (second) => (second > 45 && second < 55 ? 1 + scatter(second, 6) : 0),
    (second) => (second > 30 && second < 58 ? (second - 30) * 42 : 0),
  ),
});

/** The machine of the generator was suspended: no verdict on the target. */
export const VOIDED: RunResult = buildRunResult({
  ...PARTS,
  validity: {
    status: "void",
    checks: PARTS.validity.checks.map((check) =>
      check.name === "stalls"
        ? {
            ...check,
            verdict: "fail",
            observed: 1042,
            advice:
              "the coordinator stood still for 1042 ms at 33.6 s: the machine was suspended, stopped or out of CPU; " +
              "run on an idle machine",
          }
        : check,
    ),
  },
});

/** Interrupted in its warm-up: nothing was measured. */
export const INTERRUPTED: RunResult = buildRunResult({
  ...PARTS,
  validity: {
    status: "void",
    checks: [
      {
        name: "sessions_in_window",
        verdict: "fail",
        observed: 0,
        limit: "> 0",
        advice: "no session was scheduled in the window: nothing was measured; make the steady part longer",
      },
      {
        name: "interrupted",
        verdict: "inconclusive",
        advice: "the run was interrupted: its window is shorter than planned",
      },
    ],
  },
  slos: [
    {
      name: "first_partial_from_onset p95 < 1000ms",
      verdict: "inconclusive",
      limit: "< 1000ms",
      advice: "nothing was measured",
    },
    { name: "target_alive", verdict: "pass", observed: 0, limit: "0" },
  ],
  run: { ...PARTS.run, interrupted: true, endedAt: "2025-03-14T09:26:56.100Z" },
  window: { warmupMs: 10_000, steadyMs: 0, drainMs: 0 },
  sessions: emptyCounts(),
  sessionsByPhase: { warmup: counts(30), steady: emptyCounts(), drain: emptyCounts() },
  metrics: {},
  timeline: [],
});

/** All of them, by the name of their golden files. */
export const SAMPLES: readonly (readonly [name: string, result: RunResult])[] = [
  ["passed", PASSED],
  ["failed", FAILED],
  ["void", VOIDED],
  ["interrupted", INTERRUPTED],
];

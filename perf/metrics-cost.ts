/** What the metrics cost: recording a session, writing its record, merging a worker's snapshot. CPU of this process. */
import process from "node:process";
import { exposedFamilies } from "../src/watch/exposed.ts";
import type { Observation } from "../src/metrics/observation/observation.ts";
import { expose } from "../src/watch/prometheus.ts";
import { createRecorder } from "../src/metrics/record/recorder.ts";
import { createRunState } from "../src/watch/run-state.ts";
import type { Window } from "../src/metrics/catalogue/run-sums.ts";
import { sessionRecord } from "../src/metrics/result/session-record.ts";
import { parseSlo, type Slo } from "../src/metrics/judge/slo.ts";
import type { Snapshot } from "../src/metrics/record/snapshot.ts";
import { createTotals, type Totals } from "../src/metrics/record/totals.ts";

export interface MetricsCost {
  /** All metrics of one session of 5 s with 50 chunks and 11 responses. */
  recordUsPerSession: number;
  /** Its line in sessions.ndjson. */
  lineUsPerSession: number;
  /** Encoding one second's histograms of a worker. */
  encodeUsPerSnapshot: number;
  /** Merging them into the run's. */
  mergeUsPerSnapshot: number;
  /** Reading all of it for Prometheus and writing it out: a scrape. */
  exposeUsPerScrape: number;
}

const WARM_SECONDS = 10;
const SECONDS = 30;
const WORDS = "the conference has been extended until the end of next week because nobody".split(" ");
const CHUNK_MS = 100;
const AUDIO_MS = 5000;

const TIMES = WORDS.map((word, i) => ({ word, startMs: 200 + i * 350, endMs: 500 + i * 350 }));
/** One for all sessions, as a worker's sessions share their clips. */
const CLIP = {
  ...{ id: "speech", audioMs: AUDIO_MS, onsetMs: 200, speechEndMs: 4800 },
  ...{ text: WORDS.join(" "), words: TIMES },
};

/** Measures with the metrics and SLOs of a usual run. @param sessionsASecond that end: 200 are 1000 streams */
export async function measureMetricsCost(sessionsASecond = 200): Promise<MetricsCost> {
  const slos = [
    "first_partial_from_onset p95 < 1000ms",
    "final_from_speech_end p95 < 1200ms",
    "error_ratio < 1%",
  ].map((text) => parseSlo(text));
  const window = { startMs: 0, endMs: (WARM_SECONDS + SECONDS) * 1000 };
  const recorder = createRecorder({ window, slos });
  const totals = createTotals({ window, slos });
  const used = { record: 0, line: 0, encode: 0, merge: 0 };
  let bytes = 0;
  for (let second = 0; second < WARM_SECONDS + SECONDS; second++) {
    if (second === WARM_SECONDS) used.record = used.line = used.encode = used.merge = 0;
    const observations = Array.from({ length: sessionsASecond }, (_, i) =>
      fiveSeconds(second * sessionsASecond + i, second * 1000),
    );
    used.record += cpuUsOf(() => {
      for (const observation of observations) recorder.record(observation);
    });
    used.line += cpuUsOf(() => {
      for (const observation of observations) bytes += JSON.stringify(sessionRecord(observation)).length;
    });
    let snapshot: Snapshot | undefined;
    used.encode += cpuUsOf(() => {
      snapshot = recorder.snapshot(second * 1000, (second + 1) * 1000);
    });
    used.merge += cpuUsOf(() => snapshot && totals.add(snapshot));
  }
  if (bytes === 0) throw new Error("nothing was recorded");
  return {
    recordUsPerSession: used.record / (SECONDS * sessionsASecond),
    lineUsPerSession: used.line / (SECONDS * sessionsASecond),
    encodeUsPerSnapshot: used.encode / SECONDS,
    mergeUsPerSnapshot: used.merge / SECONDS,
    exposeUsPerScrape: await exposeUs(slos, window, totals),
  };
}

const SCRAPES = 20;

async function exposeUs(slos: readonly Slo[], window: Window, totals: Totals): Promise<number> {
  const state = createRunState({ ...RUN_FACTS, window, slos }, 1);
  state.tick({ totals, windowEndMs: window.endMs });
  const scrape = (): Promise<unknown> => expose(exposedFamilies(state.view(window.endMs)), "text/plain");
  for (let warm = 0; warm < SCRAPES; warm++) await scrape();
  const before = process.cpuUsage();
  for (let i = 0; i < SCRAPES; i++) await scrape();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / SCRAPES;
}

const RUN_FACTS = {
  ...{ runId: "perf", scenario: "perf", tool: "", node: process.version, host: "", planHash: "" },
  target: { name: "none", kind: "riva-grpc", emulated: true },
  startedAtEpochMs: 0,
  chunkMs: CHUNK_MS,
};

function cpuUsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** A session that went well, with jitter of its own: ten partials that grow by a word or so, a final with word times. */
export function fiveSeconds(seq: number, startMs: number): Observation {
  const chunks = AUDIO_MS / CHUNK_MS;
  const anchorMs = startMs + 20;
  const jitterMs = (k: number): number => ((seq * 7919 + k * 104_729) % 1000) / 500;
  const sentMs = Array.from({ length: chunks }, (_, k) => anchorMs + (k + 1) * CHUNK_MS + jitterMs(k));
  const partials = Array.from({ length: 10 }, (_, i) => ({
    atMs: anchorMs + (i + 1) * 480 + 40 + 4 * jitterMs(i),
    final: false,
    text: WORDS.slice(0, i + 2).join(" "),
    audioProcessedMs: (i + 1) * 480,
  }));
  const endedMs = anchorMs + AUDIO_MS + 90 + 5 * jitterMs(99);
  return {
    seq,
    slot: seq % 50,
    phase: "steady",
    stage: "main",
    clip: CLIP,
    chunkMs: CHUNK_MS,
    pace: 1,
    chunks,
    interim: true,
    scheduledMs: startMs,
    startedMs: startMs + 0.5,
    readyMs: startMs + 8,
    anchorMs,
    sentMs,
    acceptedMs: sentMs.map((atMs) => atMs + 0.1),
    finishedMs: anchorMs + AUDIO_MS + 0.2,
    endedMs: endedMs + 1,
    responses: [
      ...partials,
      { atMs: endedMs, final: true, text: WORDS.join(" "), audioProcessedMs: AUDIO_MS, words: TIMES },
    ],
    cutShort: false,
    outcome: { ok: true },
  };
}

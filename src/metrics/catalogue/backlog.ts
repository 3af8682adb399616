/** Is the server falling behind the speaker? Audio that was due, less audio that the server says it has processed. */
import type { SeriesMetric, SessionMetric } from "./metric.ts";
import { dueAudioMs } from "../observation/due-time.ts";
import { dueMs, type Observation } from "../observation/observation.ts";

/** Audio whose scheduled send had come by `atMs`. */
function scheduledAudioMs(observation: Observation, atMs: number): number {
  const { anchorMs = Infinity, pace, chunkMs, clip, faults } = observation;
  return dueAudioMs({ chunkMs, audioMs: clip.audioMs, pace }, atMs - anchorMs, faults?.mute);
}

/** The backlog [b] right after each response that says how far the server is. */
function eachBacklog(observation: Observation, tell: (atMs: number, backlogMs: number) => void): void {
  let furthestMs = 0;
  for (const { atMs, audioProcessedMs = 0 } of observation.responses) {
    // Zero is proto3's way of leaving a float out.
    if (audioProcessedMs <= 0) continue;
    furthestMs = Math.max(furthestMs, Math.min(audioProcessedMs, observation.clip.audioMs));
    tell(atMs, scheduledAudioMs(observation, atMs) - furthestMs);
  }
}

const backlog: SeriesMetric = {
  name: "backlog",
  row: { label: "backlog of audio", group: "latencies", place: 12 },
  unit: "ms",
  better: "lower",
  per: "response",
  help:
    "b(R_j) = audio scheduled by R_j (chunks with S_k <= R_j) - max p_j, after each response that says how much audio it " +
    "has processed. In audio time: at pace v a second of it lasts 1/v seconds.",
  each: (observation, emit) => eachBacklog(observation, (_, backlogMs) => emit(backlogMs)),
};

/** Below these a slope is the sawtooth of chunks against responses, not a trend. */
const SLOPE_FROM_RESPONSES = 8;
const SLOPE_FROM_MS = 3000;

const backlogSlope: SessionMetric = {
  name: "backlog_slope",
  unit: "x",
  better: "lower",
  per: "session",
  help:
    "Seconds of backlog gained per second while the audio is sent: least-squares slope of b(R_j) over R_j, for sessions " +
    `with at least ${SLOPE_FROM_RESPONSES} such responses over ${SLOPE_FROM_MS / 1000} s. An overload of 2 % gives 0.02.`,
  of: (observation) => {
    const { anchorMs, chunks } = observation;
    if (anchorMs === undefined || observation.cutShort) return undefined;
    const lastDueMs = dueMs(observation, chunks - 1);
    // An object: numbers that a closure changes would be allocated anew each time.
    const sum = { n: 0, t: 0, b: 0, tt: 0, tb: 0, fromMs: NaN, toMs: NaN };
    eachBacklog(observation, (atMs, backlogMs) => {
      if (atMs > lastDueMs) return;
      if (sum.n++ === 0) sum.fromMs = atMs;
      sum.toMs = atMs;
      const t = atMs - anchorMs;
      sum.t += t;
      sum.b += backlogMs;
      sum.tt += t * t;
      sum.tb += t * backlogMs;
    });
    const { n } = sum;
    if (n < SLOPE_FROM_RESPONSES || sum.toMs - sum.fromMs < SLOPE_FROM_MS) return undefined;
    return (n * sum.tb - sum.t * sum.b) / (n * sum.tt - sum.t * sum.t);
  },
};

export const BACKLOG_METRICS: readonly (SessionMetric | SeriesMetric)[] = [backlog, backlogSlope];

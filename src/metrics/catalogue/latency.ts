/** What a caller feels: latencies from the microphone's clock. */
import type { MetricRow, SeriesMetric, SessionMetric } from "./metric.ts";
import {
  actual,
  chunkEndMs,
  coveringFinal,
  firstText,
  hasText,
  lastFinalText,
  latencyOf,
  planned,
  type Timebase,
} from "../observation/moments.ts";
import type { Observation, ResponseRecord } from "../observation/observation.ts";

/**
 * A latency of the session, by plan and by actual sends: from the moment the audio at `audioMs` of the clip was recorded to
 * the arrival of `answer`. No value without either.
 */
function fromAudio(
  name: string,
  row: Pick<MetricRow, "label" | "place">,
  help: string,
  audioMs: (observation: Observation) => number,
  answer: (observation: Observation) => ResponseRecord | undefined,
): SessionMetric {
  const since = (when: Timebase) => (o: Observation) => difference(answer(o)?.atMs, when(o, audioMs(o)));
  return {
    name,
    row: { ...row, group: "latencies" },
    unit: "ms",
    better: "lower",
    per: "session",
    help,
    of: since(planned),
    actual: since(actual),
    answer,
  };
}

function difference(laterMs: number | undefined, earlierMs: number | undefined): number | undefined {
  return laterMs === undefined || earlierMs === undefined ? undefined : laterMs - earlierMs;
}

const firstPartialFromAudio = fromAudio(
  "first_partial_from_audio",
  { label: "first partial, from first audio", place: 2 },
  "R_f - S_0, f = first response with non-blank text. From the moment the first chunk was recorded to the first words.",
  (o) => chunkEndMs(o, 0),
  (o) => firstText(o),
);

const firstPartialFromOnset = fromAudio(
  "first_partial_from_onset",
  { label: "first partial, from speech onset", place: 3 },
  "R_f - (A0 + a_on/v), f = first response with non-blank text that came at or after the speech onset. Text before the " +
    "onset is counted as premature_partials and not used; clips without speech have no value.",
  (o) => o.clip.onsetMs,
  (o) => {
    const onsetMs = o.clip.text === "" ? undefined : planned(o, o.clip.onsetMs);
    return onsetMs === undefined ? undefined : firstText(o, onsetMs);
  },
);

const finalFromLastChunk = fromAudio(
  "final_from_last_chunk",
  { label: "final, from last chunk", place: 6 },
  "R_L - S_(K-1), L = last final with text. What a client waits for after the last audio. Negative when the server " +
    "closed the utterance during trailing silence: gate on it only without trailing silence, else on final_from_speech_end.",
  (o) => o.clip.audioMs,
  (o) => (o.cutShort ? undefined : lastFinalText(o)),
);

const finalFromSpeechEnd = fromAudio(
  "final_from_speech_end",
  { label: "final, from speech end", place: 8 },
  "R_q - (A0 + a_off/v), q = first final that covers the last reference word: by word times where the server gives them " +
    "(its last word ends after the reference word began), else by finding that word among all final words so far, no " +
    "further than a tenth of the reference before its place; fallback: the last final with text. Contains the server's " +
    "endpointing wait (endpointing_wait).",
  (o) => o.clip.speechEndMs,
  (o) => (o.cutShort || o.clip.text === "" ? undefined : coveringFinal(o)),
);

const finalFromClose: SessionMetric = {
  name: "final_from_close",
  row: { label: "final, from close", group: "latencies", place: 7 },
  unit: "ms",
  better: "lower",
  per: "session",
  ofUnpaced: true,
  help: "R_L - X_eos, L = last final with text: how long the server takes to flush after the half-close.",
  of: (o) => (o.cutShort ? undefined : difference(lastFinalText(o)?.atMs, o.finishedMs)),
};

const sessionSetup: SessionMetric = {
  name: "session_setup",
  row: { label: "session set-up", group: "latencies", place: 1 },
  unit: "ms",
  better: "lower",
  per: "session",
  ofUnpaced: true,
  help: "t_ready - t0: from the connection attempt to transport up and configuration accepted.",
  of: (o) => difference(o.readyMs, o.startedMs),
};

function responseLatency(when: Timebase): SeriesMetric["each"] {
  return (o, emit) => {
    for (const response of o.responses) {
      const latencyMs = latencyOf(o, response, when);
      if (latencyMs !== undefined) emit(latencyMs, response);
    }
  };
}

const responseLatencyMetric: SeriesMetric = {
  name: "response_latency",
  row: { label: "response, audio-aligned", group: "latencies", place: 4 },
  unit: "ms",
  better: "lower",
  per: "response",
  help:
    "R_j - S_k(j), k(j) = least k with o_k + d_k >= p_j within 1 ms, for each response that says how much audio it has " +
    "processed (audio_processed, p_j); not reported where a server leaves it out. Independent of how often it answers.",
  each: responseLatency(planned),
  actual: responseLatency(actual),
};

const partialGap: SeriesMetric = {
  name: "partial_gap",
  row: { label: "gap between partials", group: "latencies", place: 5 },
  unit: "ms",
  better: "lower",
  per: "response",
  help: "R_j - R_(j-1) between consecutive responses with non-blank text of one session: how smoothly captions move.",
  each: (o, emit) => {
    let lastMs: number | undefined;
    for (const response of o.responses) {
      if (!hasText(response)) continue;
      if (lastMs !== undefined) emit(response.atMs - lastMs);
      lastMs = response.atMs;
    }
  },
};

export const LATENCY_METRICS: readonly (SessionMetric | SeriesMetric)[] = [
  firstPartialFromAudio,
  firstPartialFromOnset,
  finalFromLastChunk,
  finalFromClose,
  finalFromSpeechEnd,
  responseLatencyMetric,
  partialGap,
  sessionSetup,
];

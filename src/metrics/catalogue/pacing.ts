/** The generator's own part: was the audio sent as planned, and who held it up? Failed sessions count here too. */
import type { SeriesMetric, SessionMetric } from "./metric.ts";
import { plannedSendMs } from "../observation/observation.ts";

const sendLateness: SeriesMetric = {
  name: "send_lateness",
  row: { label: "send lateness", group: "generator", place: 1 },
  unit: "ms",
  better: "lower",
  per: "chunk",
  ofFailed: true,
  help:
    "X_k - P_k: how long after its planned instant a chunk was written. P_k is S_k plus the delay that a fault of the " +
    "scenario puts before the chunk, and not before the stream was ready. The generator's error; decides validity.",
  each: (o, emit) => {
    for (let k = 0; k < o.sentMs.length; k++) {
      const sentMs = o.sentMs[k];
      if (sentMs !== undefined) emit(sentMs - plannedSendMs(o, k));
    }
  },
};

const injectedDelay: SeriesMetric = {
  name: "injected_delay",
  unit: "ms",
  better: "neither",
  per: "chunk",
  ofFailed: true,
  notForGates: "it is what the scenario's conditions asked for",
  help:
    "How long a chunk was held on purpose between microphone and socket: jitter and stalls of the scenario's conditions. " +
    "Inside every latency, because a caller waits through it; outside send_lateness, because it was planned.",
  each: (o, emit) => {
    const { delayMs } = o.faults ?? {};
    if (delayMs === undefined) return;
    for (let k = 0; k < o.sentMs.length; k++) emit(delayMs[k] ?? 0);
  },
};

const backPressure: SeriesMetric = {
  name: "back_pressure",
  row: { label: "back-pressure", group: "generator", place: 3 },
  unit: "ms",
  better: "lower",
  per: "chunk",
  ofFailed: true,
  ofUnpaced: true,
  help:
    "F_k - X_k: how long the transport held a chunk before it was off our hands. Server, network or flow control, never " +
    "the generator's pacing.",
  each: (o, emit) => {
    for (let k = 0; k < o.acceptedMs.length; k++) {
      const sentMs = o.sentMs[k];
      const acceptedMs = o.acceptedMs[k];
      if (sentMs !== undefined && acceptedMs !== undefined) emit(acceptedMs - sentMs);
    }
  },
};

const startSlip: SessionMetric = {
  name: "start_slip",
  row: { label: "start slip", group: "generator", place: 2 },
  unit: "ms",
  better: "lower",
  per: "session",
  ofFailed: true,
  ofUnpaced: true,
  help: "t0 - T_s: how long after its scheduled start a session was begun.",
  of: ({ startedMs, scheduledMs }) => (startedMs === undefined ? undefined : startedMs - scheduledMs),
};

const rtf: SessionMetric = {
  name: "rtf",
  unit: "x",
  better: "lower",
  per: "session",
  ofUnpaced: true,
  help: "(R_end - A0) / D: session time over audio time. At least 1 when paced at real time; the tail is what counts.",
  of: ({ endedMs, anchorMs, clip, cutShort }) =>
    endedMs === undefined || anchorMs === undefined || cutShort
      ? undefined
      : (endedMs - anchorMs) / clip.audioMs,
};

export const PACING_METRICS: readonly (SessionMetric | SeriesMetric)[] = [
  sendLateness,
  injectedDelay,
  startSlip,
  backPressure,
  rtf,
];

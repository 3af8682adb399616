/** The generator's own part: was the audio sent as planned, and who held it up? Failed sessions count here too. */
import type { SeriesMetric, SessionMetric } from "./metric.ts";
import { dueMs } from "./observation.ts";

const sendLateness: SeriesMetric = {
  name: "send_lateness",
  unit: "ms",
  better: "lower",
  per: "chunk",
  ofFailed: true,
  help: "X_k - S_k: how long after its scheduled instant a chunk was written. The generator's error; decides validity.",
  each: (o, emit) => {
    for (let k = 0; k < o.sentMs.length; k++) {
      const sentMs = o.sentMs[k];
      if (sentMs !== undefined) emit(sentMs - dueMs(o, k));
    }
  },
};

const backPressure: SeriesMetric = {
  name: "back_pressure",
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
  startSlip,
  backPressure,
  rtf,
];

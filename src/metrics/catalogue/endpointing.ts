/** Why a final came late: the server waited for the speaker, it computed, or it had more to do for a final. */
import { type FinalParts, finalParts } from "../observation/final-parts.ts";
import { actual, chunkEndMs, latencyOf, planned, type Timebase } from "../observation/moments.ts";
import type { Observation } from "../observation/observation.ts";
import type { MetricRow, SessionMetric } from "./metric.ts";

/** A part of the wait for the final, by plan and by actual sends. */
function part(
  name: string,
  help: string,
  of: (observation: Observation, parts: FinalParts, when: Timebase) => number | undefined,
  row?: MetricRow,
): SessionMetric {
  const since = (when: Timebase) => (observation: Observation) => {
    const parts = finalParts(observation);
    return parts === undefined || "why" in parts ? undefined : of(observation, parts, when);
  };
  return {
    name,
    ...(row === undefined ? {} : { row }),
    unit: "ms",
    better: "lower",
    per: "session",
    help,
    of: since(planned),
    actual: since(actual),
    answer: (observation) => {
      const parts = finalParts(observation);
      return parts === undefined || "why" in parts ? undefined : parts.final;
    },
  };
}

/** From the end of speech until a chunk was sent [S_k - (A0 + a_off/v)]: with that of a final, until the server could decide. */
export function afterSpeechMs(observation: Observation, chunk: number, when: Timebase): number | undefined {
  const sentMs = when(observation, chunkEndMs(observation, chunk));
  const spokenMs = when(observation, observation.clip.speechEndMs);
  return sentMs === undefined || spokenMs === undefined ? undefined : sentMs - spokenMs;
}

const endpointingWait = part(
  "endpointing_wait",
  "S_k(q) - (A0 + a_off/v), q = the final of final_from_speech_end, k(q) = the chunk that p_q ends with, for finals by the " +
    "server's own endpointing (they came before X_eos, or another final followed): how long the audio had to go on after the end " +
    "of speech before the server decided that it was one. Contains its stop_history and the length of its and the client's chunks. " +
    "No value at the end of the stream, nor where p_q is missing or goes back.",
  (observation, parts, when) =>
    parts.endpointed ? afterSpeechMs(observation, parts.chunk, when) : undefined,
  { label: "endpointing wait", group: "latencies", place: 8.1 },
);

const finalCompute = part(
  "final_compute",
  "R_j - S_k(j), j = the last response before the final q of final_from_speech_end that says what it has processed (p_j): how long " +
    "any answer took at that moment, network and queue included.",
  (observation, { before }, when) =>
    before === undefined ? undefined : latencyOf(observation, before, when),
);

const finalFlush = part(
  "final_flush",
  "(R_q - S_k(q)) - (R_j - S_k(j)), q the final of final_from_speech_end, j as in final_compute: what the final took beyond any other " +
    "answer (flushing the decoder, punctuation). final_from_speech_end = endpointing_wait + final_compute + final_flush by " +
    "endpointing; at the end of the stream the audio after the speech, S_(K-1) - (A0 + a_off/v), stands in the place of the first.",
  (observation, { final, before }, when) => {
    const ownMs = latencyOf(observation, final, when);
    const computeMs = before === undefined ? undefined : latencyOf(observation, before, when);
    return ownMs === undefined || computeMs === undefined ? undefined : ownMs - computeMs;
  },
);

export const ENDPOINTING_METRICS: readonly SessionMetric[] = [endpointingWait, finalCompute, finalFlush];

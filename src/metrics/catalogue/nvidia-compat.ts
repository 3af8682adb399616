/**
 * The figures NVIDIA's own `riva_streaming_asr_client` prints, by its rules, so that its published tables can be
 * reproduced: response i is paired with chunk i by index, whatever it is about. Never for gates.
 */
import type { MetricRow, SeriesMetric } from "./metric.ts";
import { pairs } from "../observation/moments.ts";

const NOT_FOR_GATES = "it pairs responses with chunks by index; use response_latency";

function compat(
  name: string,
  row: Pick<MetricRow, "label" | "place">,
  which: string,
  takes: (final: boolean) => boolean,
): SeriesMetric {
  return {
    name,
    row: { ...row, group: "nvidia" },
    unit: "ms",
    better: "lower",
    per: "response",
    exact: true,
    notForGates: NOT_FOR_GATES,
    help:
      `R_i - X_i, response i with chunk i by index, ${which}. A session whose responses are neither as many as its chunks ` +
      "nor one more is left out (nvidia_compat_unpaired); in strict mode one such session leaves the whole table empty, as " +
      "in NVIDIA's client. Percentile p is sorted[floor(p n / 100)].",
    each: (o, emit) => {
      if (!pairs(o)) return;
      for (let i = 0; i < o.sentMs.length; i++) {
        const response = o.responses[i];
        const sentMs = o.sentMs[i];
        if (response !== undefined && sentMs !== undefined && takes(response.final))
          emit(response.atMs - sentMs);
      }
    },
  };
}

export const NVIDIA_COMPAT_METRICS: readonly SeriesMetric[] = [
  compat("nvidia_compat_latency", { label: "latencies", place: 1 }, "all responses", () => true),
  compat(
    "nvidia_compat_intermediate",
    { label: "intermediate latencies", place: 2 },
    "responses without a final",
    (final) => !final,
  ),
  compat(
    "nvidia_compat_final",
    { label: "final latencies", place: 3 },
    "responses with a final",
    (final) => final,
  ),
];

/** NVIDIA's percentile: `sorted[floor(p n / 100)]`, no interpolation; undefined when empty. */
export function nvidiaPercentile(sorted: ArrayLike<number>, percent: number): number | undefined {
  return sorted[Math.min(Math.floor((percent * sorted.length) / 100), sorted.length - 1)];
}

/** Every metric of the project. Tables, reports, SLO names and `docs/metrics.md` read this list. */
import { ACCURACY_METRICS } from "./accuracy.ts";
import { BACKLOG_METRICS } from "./backlog.ts";
import { EMISSION_METRICS } from "./emission.ts";
import { ENDPOINTING_METRICS } from "./endpointing.ts";
import { LATENCY_METRICS } from "./latency.ts";
import type { Metric } from "./metric.ts";
import { NVIDIA_COMPAT_METRICS } from "./nvidia-compat.ts";
import { PACING_METRICS } from "./pacing.ts";
import { STABILITY_METRICS } from "./stability.ts";
import { RUN_METRICS } from "./throughput.ts";

export const METRICS: readonly Metric[] = [
  ...LATENCY_METRICS,
  ...ENDPOINTING_METRICS,
  ...EMISSION_METRICS,
  ...STABILITY_METRICS,
  ...BACKLOG_METRICS,
  ...PACING_METRICS,
  ...ACCURACY_METRICS,
  ...RUN_METRICS,
  ...NVIDIA_COMPAT_METRICS,
];

const BY_NAME: ReadonlyMap<string, Metric> = new Map(METRICS.map((metric) => [metric.name, metric]));

/** The metric of that name, if there is one. */
export function metricNamed(name: string): Metric | undefined {
  return BY_NAME.get(name);
}

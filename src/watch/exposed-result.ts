/** The figures of a finished run as gauges: what trend boards and the Pushgateway are given. */
import { perBaseUnit, type Sample } from "./exposition.ts";
import type { MetricUnit } from "../metrics/catalogue/metric.ts";
import type { RunResult, Summary } from "../metrics/result/result.ts";

const STATS = ["value", "mean", "max", "p50", "p90", "p95", "p99"] as const;

/** One sample for each figure of the metrics with such a unit; none before the run has a result. */
export function resultSamples(
  result: RunResult | undefined,
  wanted: (unit: MetricUnit) => boolean,
): Sample[] {
  return Object.entries(result?.metrics ?? {}).flatMap(([metric, summary]) =>
    wanted(summary.unit) ? figures(metric, summary) : [],
  );
}

function figures(metric: string, summary: Summary): Sample[] {
  return STATS.flatMap((stat): Sample[] => {
    const value = summary[stat];
    if (value === undefined) return [];
    return [{ suffix: "", labels: { metric, stat }, value: value / perBaseUnit(summary.unit) }];
  });
}

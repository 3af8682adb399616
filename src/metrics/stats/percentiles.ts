/** The percentiles by name: results write "p999" where people write "p99.9". */

/** Percentiles a gate or a summary may name, as shares. */
export const PERCENTILES: Readonly<Record<string, number>> = {
  p50: 0.5,
  p75: 0.75,
  p90: 0.9,
  p95: 0.95,
  p97: 0.97,
  p99: 0.99,
  p999: 0.999,
};

/** The percentiles that the summary of a metric holds, lowest first. */
export const PRINTED = ["p50", "p90", "p95", "p99", "p999"] as const;

/** One of them. */
export type PrintedPercentile = (typeof PRINTED)[number];

/** The name of a percentile as people write it: "p99.9" for "p999". Other names are left as they are. */
export function percentileTitle(name: string): string {
  return name.replace(/^(p\d\d)(\d+)$/, "$1.$2");
}

/** The name of a percentile as results write it: "p999" for "p99.9". Other names are left as they are. */
export function percentileName(title: string): string {
  return title.replace(/^(p\d\d)\.(\d+)$/, "$1$2");
}

/** Statistics that an SLO may name for a metric with many values. */
export const STATS: readonly string[] = [
  ...["min", "mean", "max"],
  ...new Set(Object.keys(PERCENTILES).flatMap((name) => [name, percentileTitle(name)])),
];

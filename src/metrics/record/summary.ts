/** From merged values to the numbers of a result. */
import { Histogram } from "./histogram.ts";
import { type Metric, ticksPerUnit } from "../catalogue/metric.ts";
import { nvidiaPercentile } from "../catalogue/nvidia-compat.ts";
import type { Summary } from "../result/result.ts";
import type { SeriesCounts } from "./snapshot.ts";
import { certifiedPercentiles } from "../stats/certainty.ts";
import { PERCENTILES, PRINTED } from "../stats/percentiles.ts";

/** The values of one metric, merged. */
export interface Series {
  histogram: Histogram;
  /** Sessions that contributed. */
  sessions: number;
  /** Values at or below each limit of the metric's SLOs; empty without any. */
  atMost: number[];
}

/** An empty series for a metric. */
export function emptySeries(metric: Metric): Series {
  return { histogram: new Histogram(ticksPerUnit(metric.unit)), sessions: 0, atMost: [] };
}

/** Adds what a snapshot says. */
export function addSeriesCounts(series: Series, { histogram, sessions, atMost = [] }: SeriesCounts): void {
  series.histogram.addCounts(histogram);
  series.sessions += sessions;
  atMost.forEach((count, limit) => (series.atMost[limit] = (series.atMost[limit] ?? 0) + count));
}

/** Adds `other` to `series`. */
export function addSeries(series: Series, { histogram, sessions, atMost }: Series): void {
  addSeriesCounts(series, { histogram: histogram.toCounts(), sessions, atMost });
}

/**
 * The summary of a metric with many values.
 *
 * @param exact every value, for metrics whose percentiles pick a sample; without it the sample's histogram bucket
 * (three digits) stands in
 */
export function summarize(
  metric: Metric,
  { histogram, sessions }: Series,
  exact?: readonly number[],
): Summary {
  const picksSample = metric.per !== "session" && metric.per !== "run" && metric.exact === true;
  const sorted = exact === undefined ? undefined : Float64Array.from(exact).sort();
  const percentile = (percent: number): number | undefined => {
    if (sorted !== undefined) return nvidiaPercentile(sorted, percent);
    if (picksSample) return histogram.atRank(Math.floor((percent * histogram.count) / 100) + 1);
    return histogram.percentile(percent);
  };
  const summary: Summary = { unit: metric.unit, count: histogram.count };
  if (metric.per !== "session") summary.sessions = sessions;
  const statistics = {
    min: histogram.min,
    mean: histogram.mean,
    max: histogram.max,
    ...Object.fromEntries(PRINTED.map((name) => [name, percentile((PERCENTILES[name] ?? NaN) * 100)])),
  };
  Object.assign(summary, statistics);
  if (histogram.negatives > 0) summary.negatives = histogram.negatives;
  summary.certified = certifiedPercentiles(sessions);
  summary.histogram = histogram.encode();
  return summary;
}

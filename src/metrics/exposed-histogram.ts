/** A metric of the catalogue with many values, as a Prometheus histogram for each phase of the run. */
import {
  boundText,
  bucketBounds,
  bucketCounts,
  histogramSamples,
  perBaseUnit,
  type Sample,
} from "./exposition.ts";
import type { Metric } from "./metric.ts";
import { exemplarKey, type RunView } from "./run-view.ts";
import { limitsOf } from "./slo.ts";
import type { Exemplar } from "./snapshot.ts";

/** Counts and sums are those of the result: both are read from the same merged histograms. */
export function histogramOf(metric: Metric, view: RunView): Sample[] {
  const { slos } = view.facts;
  const bounds = bucketBounds(metric, slos);
  const limits = limitsOf(slos, metric.name);
  const scale = perBaseUnit(metric.unit);
  const byPhase = new Map<string, { counts: number[]; count: number; sum: number }>();
  for (const { phase, series } of view.totals.recorded(metric.name)) {
    const total = byPhase.get(phase) ?? { counts: bounds.map(() => 0), count: 0, sum: 0 };
    byPhase.set(phase, total);
    bucketCounts(series, bounds, limits).forEach((n, index) => {
      total.counts[index] = (total.counts[index] ?? 0) + n;
    });
    total.count += series.histogram.count;
    total.sum += series.histogram.sum / scale;
  }
  const written = bounds.map((bound) => boundText(bound / scale));
  return [...byPhase].flatMap(([phase, total]) =>
    histogramSamples(
      { phase },
      written,
      total,
      exemplarsOf(view, exemplarKey(phase, metric.name), bounds.length, scale),
    ),
  );
}

function exemplarsOf(
  { exemplars, facts }: RunView,
  key: string,
  beyond: number,
  scale: number,
): Sample["exemplar"][] {
  const found = exemplars.get(key);
  const written = ({ seq, value, endedMs }: Exemplar): Sample["exemplar"] => ({
    labels: { session_id: `${seq}`, run_id: facts.runId },
    value: value / scale,
    epochSeconds: (facts.startedAtEpochMs + endedMs) / 1000,
  });
  return Array.from({ length: beyond + 1 }, (_, bucket) => {
    const exemplar = found?.get(bucket);
    return exemplar === undefined ? undefined : written(exemplar);
  });
}

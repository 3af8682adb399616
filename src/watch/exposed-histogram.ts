/** A metric of the catalogue with many values, as a Prometheus histogram for each phase of the run. */
import { type BucketLayout, bucketLayout } from "./bucket-layout.ts";
import { perBaseUnit, type Sample } from "./exposition.ts";
import type { Metric } from "../metrics/catalogue/metric.ts";
import type { RunPhase } from "../metrics/observation/observation.ts";
import { exemplarKey, type RunView } from "./run-view.ts";
import type { Exemplar } from "../metrics/record/snapshot.ts";
import type { Series } from "../metrics/record/summary.ts";

/** What the histogram of a phase says: for each bound the values at or below it, all values, and their sum in base units. */
interface Counted {
  within: number[];
  count: number;
  sum: number;
}

/** Counts and sums are those of the result: both are read from the same merged histograms. */
export function histogramOf(metric: Metric, view: RunView): Sample[] {
  const layout = bucketLayout(metric, view.facts.slos);
  const scale = perBaseUnit(metric.unit);
  const byPhase = new Map<RunPhase, Counted>();
  // A phase comes once for each stage.
  for (const { phase, series } of view.totals.recorded(metric.name)) {
    const counted = byPhase.get(phase) ?? { within: layout.bounds.map(() => 0), count: 0, sum: 0 };
    byPhase.set(phase, counted);
    countIn(counted, series, layout, scale);
  }
  return [...byPhase].flatMap(([phase, counted]) => {
    const exemplars = view.exemplars.get(exemplarKey(phase, metric.name));
    return samplesOf(phase, layout, counted, (bucket) => written(exemplars?.get(bucket), view, scale));
  });
}

/** Of limits the counts are exact, elsewhere as the histogram's three digits allow. */
function countIn(
  counted: Counted,
  { histogram, atMost }: Readonly<Series>,
  { bounds, limitAt }: BucketLayout,
  scale: number,
): void {
  histogram.countsAtMost(bounds).forEach((count, index) => {
    const limit = limitAt[index] ?? -1;
    counted.within[index] = (counted.within[index] ?? 0) + (limit < 0 ? count : (atMost[limit] ?? 0));
  });
  counted.count += histogram.count;
  counted.sum += histogram.sum / scale;
}

function samplesOf(
  phase: RunPhase,
  layout: BucketLayout,
  { within, count, sum }: Counted,
  exemplarOf: (bucket: number) => Sample["exemplar"],
): Sample[] {
  const samples = layout.labels(phase).map((labels, bucket): Sample => {
    const exemplar = exemplarOf(bucket);
    const sample: Sample = { suffix: "_bucket", labels, value: within[bucket] ?? count };
    if (exemplar !== undefined) sample.exemplar = exemplar;
    return sample;
  });
  samples.push({ suffix: "_sum", labels: { phase }, value: sum });
  samples.push({ suffix: "_count", labels: { phase }, value: count });
  return samples;
}

function written(exemplar: Exemplar | undefined, { facts }: RunView, scale: number): Sample["exemplar"] {
  if (exemplar === undefined) return undefined;
  return {
    labels: { session_id: `${exemplar.seq}`, run_id: facts.runId },
    value: exemplar.value / scale,
    epochSeconds: (facts.startedAtEpochMs + exemplar.endedMs) / 1000,
  };
}

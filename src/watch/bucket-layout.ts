/** The buckets in which Prometheus is shown a metric: the same at every scrape of a run. */
import { type Labels, perBaseUnit } from "./exposition.ts";
import type { Metric } from "../metrics/catalogue/metric.ts";
import type { RunPhase } from "../metrics/observation/observation.ts";
import { limitsOf, type Slo } from "../metrics/judge/slo.ts";

/** How the values of one metric are dealt out to buckets, and what those are called. */
export interface BucketLayout {
  /**
   * Upper bounds in the metric's own unit, rising. Every limit of its SLOs is one of them, so that the share within an SLO is
   * read off and not interpolated.
   */
  bounds: readonly number[];
  /** For each bound its place among the limits of the SLOs, rising; -1 for one of the usual kind. */
  limitAt: readonly number[];
  /** Labels of a phase's buckets, one for each bound and one more for what is beyond them all. */
  labels(phase: RunPhase): readonly Labels[];
}

/** Upper bounds in milliseconds for what a caller waits for; 0 because a final may come before its audio has ended. */
const LATENCY_MS = [
  0, 50, 100, 150, 200, 250, 300, 350, 400, 500, 600, 700, 800, 1000, 1250, 1500, 2000, 2500, 3000, 5000,
  10_000,
];
/** For the generator's own part, where a millisecond is much; up to where a run is void. */
const PACING_MS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000];
const FACTORS = [0.5, 0.9, 1, 1.01, 1.02, 1.05, 1.1, 1.2, 1.35, 1.5, 2, 3, 5, 10];
const RATIOS = [0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1];

/** Bounds of a usual kind that lie closer to an SLO's limit than this share of it give way: a histogram can't tell them apart. */
const APART = 0.003;

const known = new WeakMap<readonly Slo[], Map<string, BucketLayout>>();

/** The layout of a metric in a run with these SLOs: made once for as long as the list of them is the same. */
export function bucketLayout(metric: Metric, slos: readonly Slo[]): BucketLayout {
  const layouts = known.get(slos) ?? new Map<string, BucketLayout>();
  known.set(slos, layouts);
  const layout = layouts.get(metric.name) ?? makeLayout(metric, slos);
  layouts.set(metric.name, layout);
  return layout;
}

function makeLayout(metric: Metric, slos: readonly Slo[]): BucketLayout {
  const limits = limitsOf(slos, metric.name);
  const usual = usualBounds(metric).filter((bound) =>
    limits.every((limit) => Math.abs(bound - limit) > APART * limit),
  );
  const bounds = [...usual, ...limits].sort((a, b) => a - b);
  const written = [...bounds.map((bound) => boundText(bound / perBaseUnit(metric.unit))), "+Inf"];
  const byPhase = new Map<RunPhase, readonly Labels[]>();
  return {
    bounds,
    limitAt: bounds.map((bound) => limits.indexOf(bound)),
    labels(phase) {
      const labels = byPhase.get(phase) ?? written.map((le) => ({ phase, le }));
      byPhase.set(phase, labels);
      return labels;
    },
  };
}

function usualBounds({ unit, ofFailed }: Metric): readonly number[] {
  if (unit === "ms") return ofFailed === true ? PACING_MS : LATENCY_MS;
  return unit === "ratio" ? RATIOS : FACTORS;
}

/** A bound as a label: the shortest decimal, without the dust of a division. */
function boundText(bound: number): string {
  return String(Number(bound.toPrecision(12)));
}

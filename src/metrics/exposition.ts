/** Metrics as Prometheus knows them: families of samples with labels, as plain data; `prometheus.ts` writes them out. */
import type { Histogram } from "./histogram.ts";
import { limitsOf, type Slo } from "./slo.ts";
import type { Metric, MetricUnit } from "./metric.ts";

export type Labels = Readonly<Record<string, string>>;

/** One line of an exposition. */
export interface Sample {
  /** What follows the family's name: "_bucket", "_sum", "_count" or "". */
  suffix: "" | "_bucket" | "_sum" | "_count";
  labels: Labels;
  value: number;
  exemplar?: { labels: Labels; value: number; epochSeconds: number };
}

export interface Family {
  /** Counters end in `_total`. */
  name: string;
  type: "counter" | "gauge" | "histogram";
  help: string;
  samples: Sample[];
}

/** Values per base unit: Prometheus has seconds, ratios and plain numbers. */
export function perBaseUnit(unit: MetricUnit): number {
  return unit === "ms" ? 1000 : 1;
}

/** `bench_<name>` with its base unit; factors and counts have none. */
export function familyName({ name, unit }: Pick<Metric, "name" | "unit">): string {
  const suffix = { ms: "_seconds", ratio: "_ratio", per_second: "_per_second", count: "", x: "" }[unit];
  return name.endsWith(suffix) ? `bench_${name}` : `bench_${name}${suffix}`;
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

/**
 * The upper bounds of a metric's buckets, in its own unit and rising. Every limit of its SLOs is one of them, so that the
 * share within an SLO is read off and not interpolated.
 */
export function bucketBounds(metric: Metric, slos: readonly Slo[]): number[] {
  const limits = limitsOf(slos, metric.name);
  const usual = usualBounds(metric).filter((bound) =>
    limits.every((limit) => Math.abs(bound - limit) > APART * limit),
  );
  return [...usual, ...limits].sort((a, b) => a - b);
}

function usualBounds({ unit, ofFailed }: Metric): readonly number[] {
  if (unit === "ms") return ofFailed === true ? PACING_MS : LATENCY_MS;
  return unit === "ratio" ? RATIOS : FACTORS;
}

/** How many values are at or below each bound: of limits exactly, elsewhere as the histogram's three digits allow. */
export function bucketCounts(
  { histogram, atMost }: { histogram: Histogram; atMost: readonly number[] },
  bounds: readonly number[],
  limits: readonly number[],
): number[] {
  const counts = histogram.countsAtMost(bounds);
  return bounds.map((bound, index) => {
    const limit = limits.indexOf(bound);
    return (limit < 0 ? counts[index] : atMost[limit]) ?? 0;
  });
}

/** The samples of one histogram. @param bounds as labels (`boundText`) @param exemplars one for each bound, and one more for what is beyond them all */
export function histogramSamples(
  labels: Labels,
  bounds: readonly string[],
  { counts, count, sum }: { counts: readonly number[]; count: number; sum: number },
  exemplars: readonly Sample["exemplar"][] = [],
): Sample[] {
  const bucket = (le: string, value: number, index: number): Sample => {
    const exemplar = exemplars[index];
    return {
      suffix: "_bucket",
      labels: { ...labels, le },
      value,
      ...(exemplar === undefined ? {} : { exemplar }),
    };
  };
  return [
    ...bounds.map((bound, index) => bucket(bound, counts[index] ?? 0, index)),
    bucket("+Inf", count, bounds.length),
    { suffix: "_sum", labels, value: sum },
    { suffix: "_count", labels, value: count },
  ];
}

/** A bound as a label: the shortest decimal, without the dust of a division. */
export function boundText(bound: number): string {
  return String(Number(bound.toPrecision(12)));
}

/** A family with one sample, or none when there is no value. */
export function single(value: number | undefined, labels: Labels = {}): Sample[] {
  return value === undefined ? [] : [{ suffix: "", labels, value }];
}

/** One sample for each possible state, 1 for the one that is. */
export function states(label: string, all: readonly string[], current: string, more: Labels = {}): Sample[] {
  return all.map((state) => ({
    suffix: "",
    labels: { ...more, [label]: state },
    value: state === current ? 1 : 0,
  }));
}

/** Metrics as Prometheus knows them: families of samples with labels, as plain data; `prometheus.ts` writes them out. */
import type { Metric, MetricUnit } from "../metrics/catalogue/metric.ts";

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
  /** Of every sample, besides its own. */
  labels?: Labels;
  samples: Sample[];
}

/** All labels of a sample of a family. */
export function labelsOf({ labels }: Pick<Family, "labels">, sample: Sample): Labels {
  return labels === undefined ? sample.labels : { ...labels, ...sample.labels };
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

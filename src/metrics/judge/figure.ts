/** One figure of a run, named like the left side of an SLO: what comparisons and regression gates are about. */
import { defined } from "../../base/defined.ts";
import { BenchError } from "../../base/errors.ts";
import { metricNamed } from "../catalogue/catalogue.ts";
import { observedValue } from "./gate.ts";
import { Histogram } from "../record/histogram.ts";
import type { MetricUnit } from "../catalogue/metric.ts";
import { ticksPerUnit } from "../catalogue/metric.ts";
import { mean } from "../stats/paired.ts";
import type { RunResult } from "../result/result.ts";
import { parseFigure } from "./slo.ts";
import { PERCENTILES } from "../stats/percentiles.ts";

/** `metric[@stage] [stat]`, with what is needed to judge a difference of it. */
export interface Figure {
  /** As written. */
  name: string;
  metric: string;
  stage?: string;
  stat?: string;
  unit: MetricUnit;
  better: "lower" | "higher";
}

/** The largest differences that do not matter. */
export interface Margins {
  /** Of latencies, in milliseconds. */
  absoluteMs: number;
  /** Of latencies and factors, as a share of the baseline. */
  relative: number;
  /** Of ratios, in ratio units: 0.01 is one percentage point. */
  ratio: number;
}

export const DEFAULT_MARGINS: Margins = { absoluteMs: 10, relative: 0.05, ratio: 0.01 };

/**
 * Reads `metric[@stage] [stat]`.
 * @throws BenchError (exit 2) for what is none, or has no better direction
 */
export function figureNamed(text: string): Figure {
  const { metric: name, stage, stat } = parseFigure(text);
  const metric = metricNamed(name);
  if (metric === undefined || metric.better === "neither") {
    throw BenchError.usage(`${name} is neither better high nor low: it can't be compared`);
  }
  return {
    name: text.trim(),
    metric: name,
    unit: metric.unit,
    better: metric.better,
    ...defined({ stage, stat }),
  };
}

/** The figures that a scenario's SLOs are about, each once; SLOs on what has no direction are left out. */
export function figuresOf(slos: readonly string[]): Figure[] {
  const figures = new Map<string, Figure>();
  for (const slo of slos) {
    const text = slo.slice(0, slo.search(/[<>]/)).trim();
    const metric = metricNamed(parseFigure(text).metric);
    if (metric !== undefined && metric.better !== "neither") figures.set(text, figureNamed(text));
  }
  return [...figures.values()];
}

/** The figure in a run, in its unit; undefined when nothing was measured. */
export function figureIn({ metrics, byStage }: RunResult, figure: Figure): number | undefined {
  const summaries = figure.stage === undefined ? metrics : byStage[figure.stage];
  const summary = summaries?.[figure.metric];
  return summary === undefined ? undefined : observedValue(figure, summary);
}

/** The figure over the sessions of all the runs; of metrics with one value a run the mean. Undefined when nothing was measured. */
export function pooledFigure(runs: readonly RunResult[], figure: Figure): number | undefined {
  const summaries = runs.flatMap(
    ({ metrics, byStage }) =>
      (figure.stage === undefined ? metrics : byStage[figure.stage])?.[figure.metric] ?? [],
  );
  if (figure.stat === undefined || !(figure.stat in PERCENTILES)) {
    const values = runs.flatMap((run) => figureIn(run, figure) ?? []);
    return values.length === 0 ? undefined : mean(values);
  }
  const pooled = new Histogram(ticksPerUnit(figure.unit));
  for (const { histogram } of summaries) {
    if (histogram !== undefined) pooled.add(Histogram.decode(histogram, ticksPerUnit(figure.unit)));
  }
  return pooled.percentile((PERCENTILES[figure.stat] ?? NaN) * 100);
}

/** The margin of a figure, in its unit. */
export function marginFor({ unit }: Figure, margins: Margins, baseline: number): number {
  const relative = margins.relative * Math.abs(baseline);
  switch (unit) {
    case "ms":
      return Math.max(margins.absoluteMs, relative);
    case "ratio":
      return margins.ratio;
    case "x":
    case "count":
    case "per_second":
      return relative;
  }
}

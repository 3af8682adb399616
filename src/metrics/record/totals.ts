/** The coordinator's side: snapshots of all workers in, the numbers of the result out. Adding loses nothing. */
import { METRICS, metricNamed } from "../catalogue/catalogue.ts";
import { addCounts, type Counts, emptyCounts } from "../observation/counts.ts";
import type { RunTotals } from "../catalogue/metric.ts";
import type { ClipAccuracy } from "../observation/accuracy.ts";
import type { RunPhase } from "../observation/observation.ts";
import type { Summary, TimelinePoint } from "../result/result.ts";
import { addSums, emptySums, type Window } from "../catalogue/run-sums.ts";
import type { Slo } from "../judge/slo.ts";
import { keyParts, type Snapshot } from "./snapshot.ts";
import type { SessionGroup } from "../stats/certainty.ts";
import { addSeries, addSeriesCounts, emptySeries, type Series, summarize } from "./summary.ts";
import { createAccuracyTotals } from "./accuracy-totals.ts";
import { createTimeline } from "./timeline.ts";

export interface TotalsConfig {
  window: Window;
  slos: readonly Slo[];
  /** Like NVIDIA's client: one session that can't be paired leaves all nvidia_compat latencies out. */
  nvidiaStrict?: boolean;
}

export interface Totals {
  add(snapshot: Snapshot): void;
  /** The window ended earlier than planned: the run was interrupted. */
  cutWindow(endMs: number): void;
  /** The window ends later than planned; call before its old end. */
  extendWindow(endMs: number): void;
  counts(phase: RunPhase): Counts;
  /** Every metric with data, of the steady window; of one stage of it when `stage` is given. Intervals take time: not every second. */
  summaries(stage?: string, options?: { intervals: boolean }): Record<string, Summary>;
  /** The values of a metric so far, of every phase: for exporters. A phase comes once for each stage. */
  recorded(metric: string): readonly { phase: RunPhase; series: Readonly<Series> }[];
  /** A percentile of the steady window so far; undefined without values. */
  percentile(metric: string, percent: number): number | undefined;
  /** Steady sessions that met every SLO. */
  good(): number;
  /** The metrics with one value a run, of the steady window up to now. @param untilMs now, milliseconds since the start of the run */
  valuesUntil(untilMs: number): Record<string, number>;
  /** Stages that have steady sessions, in order of first appearance. */
  stages(): string[];
  /** Transcript accuracy so far, by clip; only for one stage when `stage` is given. */
  accuracy(stage?: string): readonly ClipAccuracy[];
  /** What SLO number `index` is judged by. */
  tally(index: number): SessionGroup[];
  /** The run so far, a point a second. */
  timeline(): TimelinePoint[];
  /** The newest point, for progress displays: cheap at any length of the run. */
  latest(): Omit<TimelinePoint, "open"> | undefined;
}

/** Beyond so many values per metric percentiles come from the histogram: a soak test must not fill the memory. */
const EXACT_VALUES_KEPT = 5_000_000;

export function createTotals(config: TotalsConfig): Totals {
  const window: Window = { ...config.window };
  const seriesByKey = new Map<string, Series>();
  const recorded = new Map<string, { phase: RunPhase; stage: string; series: Series }[]>();
  const countsByKey = new Map<string, Counts>();
  const tallies = config.slos.map(() => new Map<string, SessionGroup>());
  const good: Record<string, number> = {};
  const sums = emptySums();
  const exact: Record<string, number[] | "too many"> = {};
  const timeline = createTimeline(window);
  const accuracy = createAccuracyTotals();

  function add(snapshot: Snapshot): void {
    for (const [key, counts] of Object.entries(snapshot.series)) {
      const series = seriesByKey.get(key) ?? newSeries(key);
      if (series !== undefined) addSeriesCounts(series, counts);
    }
    for (const [key, counts] of Object.entries(snapshot.counts)) {
      const total = countsByKey.get(key) ?? emptyCounts();
      countsByKey.set(key, total);
      addCounts(total, counts);
    }
    snapshot.tallies.forEach((rows, index) => {
      for (const row of rows) addTally(tallies[index], row);
    });
    for (const [stage, sessions] of Object.entries(snapshot.good))
      good[stage] = (good[stage] ?? 0) + sessions;
    addSums(sums, snapshot.sums);
    accuracy.add(snapshot.accuracy);
    for (const [name, values] of Object.entries(snapshot.exact)) exact[name] = appended(exact[name], values);
    timeline.add(snapshot);
  }

  function newSeries(key: string): Series | undefined {
    const { phase, stage, metric: name } = keyParts(key);
    const metric = metricNamed(name);
    if (metric === undefined) return undefined;
    const series = emptySeries(metric);
    seriesByKey.set(key, series);
    recorded.set(name, [...(recorded.get(name) ?? []), { phase: phase as RunPhase, stage, series }]);
    return series;
  }

  /** Steady values, of one stage or of all; they may be those that are still added to. */
  function steadySeries(name: string, stage: string | undefined): Readonly<Series> | undefined {
    const metric = metricNamed(name);
    const parts = (recorded.get(name) ?? []).filter(
      (part) => part.phase === "steady" && (stage === undefined || part.stage === stage),
    );
    const [first, ...others] = parts;
    if (metric === undefined || first === undefined || others.length === 0) return first?.series;
    const merged = emptySeries(metric);
    for (const { series } of parts) addSeries(merged, series);
    return merged;
  }

  function runTotals(stage: string | undefined, untilMs = Infinity): RunTotals {
    const steady = emptyCounts();
    for (const [, counts] of matching(countsByKey, stage)) addCounts(steady, counts);
    const goodOf = stage === undefined ? Object.values(good) : [good[stage] ?? 0];
    return {
      windowMs: Math.max(0, Math.min(untilMs, window.endMs) - window.startMs),
      steady,
      good: goodOf.reduce((sum, sessions) => sum + sessions, 0),
      sums,
      accuracy: accuracy.clips(stage),
    };
  }

  function summaries(stage?: string, { intervals } = { intervals: true }): Record<string, Summary> {
    const result: Record<string, Summary> = {};
    const run = runTotals(stage);
    if (run.steady.scheduled === 0) return result;
    for (const metric of METRICS) {
      if (metric.per === "run") {
        // Sums over the window belong to all of it; only counts are kept by stage.
        const value = stage === undefined || metric.byStage === true ? metric.from(run) : undefined;
        if (value === undefined) continue;
        const summary: Summary = { unit: metric.unit, count: run.steady.scheduled, value };
        if (metric.ofClips !== undefined && intervals)
          Object.assign(summary, accuracy.interval(metric, metric.ofClips, stage));
        if (metric.name === "concurrency") summary.max = timeline.maxOpen(window);
        result[metric.name] = summary;
        continue;
      }
      const picksSample = metric.per !== "session" && metric.exact === true;
      if (picksSample && config.nvidiaStrict === true && sums.unpaired > 0) continue;
      const series = steadySeries(metric.name, stage);
      if (series === undefined) continue;
      const values = stage === undefined ? exact[metric.name] : undefined;
      result[metric.name] = summarize(metric, series, values === "too many" ? undefined : values);
    }
    return result;
  }

  return {
    add,
    cutWindow(endMs) {
      window.endMs = Math.min(window.endMs, endMs);
    },
    extendWindow(endMs) {
      window.endMs = Math.max(window.endMs, endMs);
    },
    counts(phase) {
      const total = emptyCounts();
      for (const [key, counts] of countsByKey) if (keyParts(key).phase === phase) addCounts(total, counts);
      return total;
    },
    recorded: (metric) => recorded.get(metric) ?? [],
    percentile: (metric, percent) => steadySeries(metric, undefined)?.histogram.percentile(percent),
    good: () => runTotals(undefined).good,
    valuesUntil(untilMs) {
      const run = runTotals(undefined, untilMs);
      if (run.steady.scheduled === 0) return {};
      const values: Record<string, number> = {};
      for (const metric of METRICS) {
        const value = metric.per === "run" ? metric.from(run) : undefined;
        if (value !== undefined) values[metric.name] = value;
      }
      return values;
    },
    summaries,
    stages: () => matching(countsByKey, undefined).map(([key]) => keyParts(key).stage),
    accuracy: (stage) => accuracy.clips(stage),
    tally: (index) => [...(tallies[index]?.values() ?? [])],
    timeline: () => timeline.points(),
    latest: () => timeline.latest(),
  };
}

/** Steady entries, of one stage or of all. */
function matching<T>(byKey: ReadonlyMap<string, T>, stage: string | undefined): [string, T][] {
  return [...byKey].filter(([key]) => {
    const parts = keyParts(key);
    return parts.phase === "steady" && (stage === undefined || parts.stage === stage);
  });
}

function addTally(
  tally: Map<string, SessionGroup> | undefined,
  [values, over, sessions]: [number, number, number],
): void {
  const key = `${values}:${over}`;
  const group = tally?.get(key);
  if (group === undefined) tally?.set(key, { values, over, sessions });
  else group.sessions += sessions;
}

function appended(kept: number[] | "too many" | undefined, values: readonly number[]): number[] | "too many" {
  if (kept === "too many" || (kept?.length ?? 0) + values.length > EXACT_VALUES_KEPT) return "too many";
  const all = kept ?? [];
  for (const value of values) all.push(value);
  return all;
}

/**
 * The run point by point: enough to draw every chart of a report. A point is a second in runs of up to an hour; longer
 * runs have longer points, about 3600 in all, so that a week's result still fits a file.
 */
import { addCounts, emptyCounts, type Counts } from "../observation/counts.ts";
import { metricNamed } from "../catalogue/catalogue.ts";
import { Histogram, type HistogramCounts } from "./histogram.ts";
import { ticksPerUnit } from "../catalogue/metric.ts";
import type { RunPhase } from "../observation/observation.ts";
import type { TimelineMetric, TimelinePoint } from "../result/result.ts";
import type { Window } from "../catalogue/run-sums.ts";
import { keyParts, type Snapshot } from "./snapshot.ts";

export interface Timeline {
  add(snapshot: Snapshot): void;
  points(): TimelinePoint[];
  /** The newest point, cheaply: for progress displays. */
  latest(): Omit<TimelinePoint, "open"> | undefined;
  /** Most sessions open at any whole second of the window. */
  maxOpen(window: Window): number;
}

/** A point whose values are still at hand, because another worker's part of it may come. */
interface OpenPoint {
  fromMs: number;
  toMs: number;
  counts: Counts;
  loopDelayMs: number | undefined;
  /** What the workers recorded of each, all phases and stages. */
  metrics: Map<string, HistogramCounts[]>;
}

/** Points that stay open; what comes later than that is added to the oldest of them. */
const POINTS_OPEN = 3;
const POINTS_KEPT = 3600;

export function createTimeline(window: Window): Timeline {
  const closed: Omit<TimelinePoint, "open">[] = [];
  const opened = new Map<number, OpenPoint>();
  const openChanges = new Map<number, number>();
  const secondsPerPoint = Math.max(1, Math.ceil(window.endMs / 1000 / POINTS_KEPT));

  function add(snapshot: Snapshot): void {
    for (const [second, change] of snapshot.openChanges) {
      openChanges.set(second, (openChanges.get(second) ?? 0) + change);
    }
    const { fromMs, toMs } = snapshot;
    const own = Math.floor(second(fromMs) / secondsPerPoint);
    const index = closed.length === 0 ? own : Math.max(own, Math.min(...opened.keys()));
    let entry = opened.get(index);
    if (entry === undefined) {
      entry = { fromMs, toMs, counts: emptyCounts(), loopDelayMs: undefined, metrics: new Map() };
      opened.set(index, entry);
    }
    entry.toMs = Math.max(entry.toMs, toMs);
    for (const counts of Object.values(snapshot.counts)) addCounts(entry.counts, counts);
    if (snapshot.health !== undefined) {
      entry.loopDelayMs = Math.max(entry.loopDelayMs ?? 0, snapshot.health.loopDelayMs);
    }
    for (const [key, { histogram }] of Object.entries(snapshot.series)) {
      const { metric } = keyParts(key);
      const parts = entry.metrics.get(metric);
      if (parts === undefined) entry.metrics.set(metric, [histogram]);
      else parts.push(histogram);
    }
    for (const [key, ready] of [...opened].sort(([a], [b]) => a - b).slice(0, -POINTS_OPEN)) {
      closed.push(point(ready, window));
      opened.delete(key);
    }
  }

  return {
    add,
    latest() {
      const newest = opened.get(Math.max(...opened.keys()));
      return newest === undefined ? undefined : point(newest, window);
    },
    points() {
      const open = [...opened].sort(([a], [b]) => a - b).map(([, entry]) => point(entry, window));
      const openAt = runningSum(openChanges);
      return [...closed, ...open].map((entry) => ({ ...entry, open: openAt(second(entry.toMs)) }));
    },
    maxOpen({ startMs, endMs }) {
      const openAt = runningSum(openChanges);
      let most = 0;
      for (let s = Math.ceil(startMs / 1000); s * 1000 < endMs; s++) most = Math.max(most, openAt(s));
      return most;
    },
  };
}

function second(atMs: number): number {
  return Math.round(atMs / 1000);
}

function point(entry: OpenPoint, window: Window): Omit<TimelinePoint, "open"> {
  const { fromMs, toMs, counts, loopDelayMs, metrics } = entry;
  const { scheduled, completed, failed, dropped } = counts;
  return {
    fromMs,
    toMs,
    phase: phaseAt(fromMs, window),
    ended: { scheduled, completed, failed, dropped },
    metrics: Object.fromEntries([...metrics].flatMap(([name, parts]) => metricPoint(name, parts))),
    ...(loopDelayMs === undefined ? {} : { loopDelayMs }),
  };
}

function phaseAt(atMs: number, { startMs, endMs }: Window): RunPhase {
  if (atMs < startMs) return "warmup";
  return atMs < endMs ? "steady" : "drain";
}

/** One for each metric, used for one point after the other. */
const scratch = new Map<string, Histogram>();

function metricPoint(name: string, parts: readonly HistogramCounts[]): [name: string, TimelineMetric][] {
  const metric = metricNamed(name);
  if (metric === undefined) return [];
  const histogram = scratch.get(name) ?? new Histogram(ticksPerUnit(metric.unit));
  scratch.set(name, histogram);
  for (const part of parts) histogram.addCounts(part);
  const at = (percent: number): number => histogram.percentile(percent) ?? NaN;
  const point = { count: histogram.count, p50: at(50), p95: at(95), p99: at(99), max: histogram.max ?? NaN };
  histogram.reset();
  return [[name, point]];
}

/** Sum of the changes up to and including a second; ask in rising order. */
function runningSum(changes: ReadonlyMap<number, number>): (second: number) => number {
  const sorted = [...changes].sort(([a], [b]) => a - b);
  let next = 0;
  let sum = 0;
  return (upTo) => {
    for (let entry = sorted[next]; entry !== undefined && entry[0] <= upTo; entry = sorted[++next])
      sum += entry[1];
    return sum;
  };
}

/**
 * The worker's side: observations in, interval snapshots out. Recording is on the timed path's thread, so it allocates
 * next to nothing per value, and a snapshot is taken in slices.
 */
import { METRICS } from "./catalogue.ts";
import { countSession, type Counts, emptyCounts } from "./counts.ts";
import { Histogram } from "./histogram.ts";
import { type Metric, speaksOf, ticksPerUnit } from "./metric.ts";
import type { Observation } from "./observation.ts";
import { emptySums, type RunSums, sumSession, type Window } from "./run-sums.ts";
import { keeps, limitsOf, shareAllowed, type Slo } from "./slo.ts";
import { type EncodedSeries, type Exemplar, groupKey, type Snapshot, type WorkerHealth } from "./snapshot.ts";

export interface RecorderConfig {
  window: Window;
  slos: readonly Slo[];
}

export interface Recorder {
  /** Takes in one session, after its end; a dropped one too. */
  record(observation: Observation): void;
  /** The window ends earlier than planned: the run was interrupted. */
  cutWindow(endMs: number): void;
  /** The window ends later than planned; call before its old end. */
  extendWindow(endMs: number): void;
  /** Starts a new interval and returns the work of writing down the old one. */
  beginSnapshot(fromMs: number, toMs: number, health?: WorkerHealth): SnapshotJob;
}

/** Call `step` until it gives the snapshot; each call encodes one histogram (about 0.2 ms), so pacing goes on between. */
export interface SnapshotJob {
  step(): Snapshot | undefined;
}

/** An SLO with its place in the configured order. */
interface Judged {
  slo: Slo;
  index: number;
  /** Share of a session's values that may break the limit; undefined when the SLO has no say on one session. */
  share: number | undefined;
}

/** What is recorded of one phase and stage. */
interface Group {
  counts: Counts;
  /** In the order of `METRICS`. */
  series: (RecordedSeries | undefined)[];
}

interface RecordedSeries extends Pick<EncodedSeries, "sessions" | "atMost"> {
  histogram: Histogram;
  worst: Exemplar;
}

interface Interval {
  groups: Map<string, Group>;
  /** Per SLO: sessions by number of values and violations. */
  tallies: Map<number, number>[];
  good: Record<string, number>;
  sums: RunSums;
  exact: Record<string, number[]>;
  openChanges: Map<number, number>;
}

/** Values per session fit below this; a tally's key is values * TALLY_BASE + violations. */
const TALLY_BASE = 2 ** 24;

export function createRecorder(config: RecorderConfig): Recorder {
  const window: Window = { ...config.window };
  const judgedBy: readonly (readonly Judged[])[] = METRICS.map((metric) =>
    config.slos
      .map((slo, index) => ({ slo, index, share: sessionShare(slo) }))
      .filter(({ slo }) => slo.metric === metric.name && slo.stat !== undefined),
  );
  const limits = METRICS.map(({ name }) => limitsOf(config.slos, name));
  const spare: Histogram[][] = METRICS.map(() => []);
  let interval = newInterval(config.slos.length);

  // The values of one metric of one session, reused; `emit` is handed to the catalogue.
  let values = new Float64Array(1024);
  let valueCount = 0;
  const emit = (value: number): void => {
    if (valueCount === values.length) {
      const larger = new Float64Array(values.length * 2);
      larger.set(values);
      values = larger;
    }
    values[valueCount++] = value;
  };

  function record(observation: Observation): void {
    const { phase, stage, outcome } = observation;
    const group = groupOf(interval, groupKey(phase, stage));
    countSession(group.counts, observation);
    sumSession(interval.sums, observation, window);
    countOpen(interval.openChanges, observation);
    let good = outcome?.ok === true;
    for (let index = 0; index < METRICS.length; index++) {
      const metric = METRICS[index];
      if (metric === undefined || metric.per === "run") continue;
      valueCount = 0;
      if (speaksOf(metric, observation)) {
        if (metric.per === "session") {
          const value = metric.of(observation);
          if (value !== undefined) emit(value);
        } else metric.each(observation, emit);
      }
      if (valueCount > 0) addValues(group, index, metric, observation);
      if (phase !== "steady") continue;
      if (metric.per !== "session" && metric.exact === true) keepExact(metric.name);
      for (const judged of judgedBy[index] ?? []) {
        if (judged.slo.stage !== undefined && judged.slo.stage !== stage) continue;
        good = judge(judged, metric, observation) && good;
      }
    }
    if (good && phase === "steady") interval.good[stage] = (interval.good[stage] ?? 0) + 1;
  }

  function addValues(group: Group, index: number, metric: Metric, observation: Observation): void {
    const judged = limits[index] ?? [];
    const series = (group.series[index] ??= {
      histogram: spare[index]?.pop() ?? new Histogram(ticksPerUnit(metric.unit)),
      sessions: 0,
      ...(judged.length === 0 ? {} : { atMost: judged.map(() => 0) }),
      worst: { seq: 0, value: -Infinity, endedMs: 0 },
    });
    series.sessions++;
    let largest = -Infinity;
    for (let i = 0; i < valueCount; i++) {
      const value = values[i] ?? NaN;
      series.histogram.record(value);
      if (value > largest) largest = value;
    }
    if (largest > series.worst.value) {
      const { seq, endedMs, scheduledMs } = observation;
      series.worst = { seq, value: largest, endedMs: endedMs ?? scheduledMs };
    }
    if (series.atMost !== undefined) countAtMost(series.atMost, judged);
  }

  function countAtMost(atMost: number[], judged: readonly number[]): void {
    for (let limit = 0; limit < judged.length; limit++) {
      let within = 0;
      for (let i = 0; i < valueCount; i++) if ((values[i] ?? NaN) <= (judged[limit] ?? NaN)) within++;
      atMost[limit] = (atMost[limit] ?? 0) + within;
    }
  }

  function keepExact(name: string): void {
    const kept = (interval.exact[name] ??= []);
    for (let i = 0; i < valueCount; i++) kept.push(Math.round((values[i] ?? NaN) * 1000) / 1000);
  }

  /** Tallies the session for one SLO; false when the session itself breaks it. */
  function judge({ slo, index, share }: Judged, metric: Metric, observation: Observation): boolean {
    let over = 0;
    for (let i = 0; i < valueCount; i++) if (!keeps(slo, values[i] ?? NaN)) over++;
    let total = valueCount;
    if (countsAsViolation(metric, observation)) {
      total = over = valuesOwed(metric, observation);
    }
    if (total === 0) return true;
    const tally = interval.tallies[index];
    const key = total * TALLY_BASE + over;
    tally?.set(key, (tally.get(key) ?? 0) + 1);
    return share === undefined || over <= share * total + 1e-9;
  }

  function beginSnapshot(fromMs: number, toMs: number, health?: WorkerHealth): SnapshotJob {
    const ended = interval;
    interval = newInterval(config.slos.length);
    const series: Record<string, EncodedSeries> = {};
    const pending = [...ended.groups].flatMap(([key, group]) =>
      group.series.flatMap((entry, index) => (entry === undefined ? [] : [{ key, index, ...entry }])),
    );
    return {
      step() {
        const next = pending.pop();
        if (next === undefined) return { ...finish(ended), fromMs, toMs, series, ...(health && { health }) };
        const name = METRICS[next.index]?.name ?? "";
        const { histogram, sessions, atMost, worst } = next;
        series[`${next.key}|${name}`] = {
          histogram: histogram.encode(),
          sessions,
          ...(atMost && { atMost }),
          worst,
        };
        next.histogram.reset();
        spare[next.index]?.push(next.histogram);
        return undefined;
      },
    };
  }

  return {
    record,
    cutWindow(endMs) {
      window.endMs = Math.min(window.endMs, endMs);
    },
    extendWindow(endMs) {
      window.endMs = Math.max(window.endMs, endMs);
    },
    beginSnapshot,
  };
}

/** A session that failed breaks every SLO on what it should have delivered, unless the generator spoiled it or its caller left. */
function countsAsViolation(metric: Metric, { outcome }: Observation): boolean {
  if (metric.ofFailed === true || outcome?.ok !== false) return false;
  return outcome.failure.origin !== "generator" && outcome.failure.origin !== "caller";
}

/** All the values that the session should have had: one, or one for each chunk or reference word. */
function valuesOwed({ per }: Metric, { chunks, clip }: Observation): number {
  if (per === "session") return 1;
  return per === "word" ? clip.words.length : chunks;
}

/** For percentiles what the gate allows of all sessions is asked of each one; max allows none. */
function sessionShare(slo: Slo): number | undefined {
  return slo.stat === "max" ? 0 : shareAllowed(slo);
}

function newInterval(slos: number): Interval {
  return {
    groups: new Map(),
    tallies: Array.from({ length: slos }, () => new Map<number, number>()),
    good: {},
    sums: emptySums(),
    exact: {},
    openChanges: new Map(),
  };
}

function groupOf(interval: Interval, key: string): Group {
  let group = interval.groups.get(key);
  if (group === undefined) {
    group = { counts: emptyCounts(), series: [] };
    interval.groups.set(key, group);
  }
  return group;
}

/** A session is open at the whole seconds s with t0 <= s < R_end. */
function countOpen(changes: Map<number, number>, { startedMs, endedMs }: Observation): void {
  if (startedMs === undefined || endedMs === undefined) return;
  const from = Math.ceil(startedMs / 1000);
  const to = Math.ceil(endedMs / 1000);
  if (from === to) return;
  changes.set(from, (changes.get(from) ?? 0) + 1);
  changes.set(to, (changes.get(to) ?? 0) - 1);
}

/** The part of the snapshot that needs no encoding. */
function finish(interval: Interval): Omit<Snapshot, "fromMs" | "toMs" | "series" | "health"> {
  return {
    counts: Object.fromEntries([...interval.groups].map(([key, group]) => [key, group.counts])),
    tallies: interval.tallies.map((tally) =>
      [...tally].map(([key, sessions]) => [Math.floor(key / TALLY_BASE), key % TALLY_BASE, sessions]),
    ),
    good: interval.good,
    sums: interval.sums,
    exact: interval.exact,
    openChanges: [...interval.openChanges],
  };
}

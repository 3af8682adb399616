/**
 * The worker's side: observations in, interval snapshots out. Recording is on the timed path's thread, so it allocates
 * next to nothing per value, and a snapshot holds only the buckets that something fell into.
 */
import { METRICS } from "../catalogue/catalogue.ts";
import {
  addSession,
  type ClipAccuracy,
  isLong,
  type Transcribed,
  transcribed,
} from "../observation/accuracy.ts";
import { countSession, type Counts, emptyCounts, isSpoiled } from "../observation/counts.ts";
import { Histogram } from "./histogram.ts";
import { type Metric, ticksPerUnit } from "../catalogue/metric.ts";
import type { Observation } from "../observation/observation.ts";
import { emptySums, type RunSums, sumSession, type Window } from "../catalogue/run-sums.ts";
import { keeps, limitsOf, shareAllowed, type Slo } from "../judge/slo.ts";
import { type SessionValues, sessionValues } from "../catalogue/session-values.ts";
import { type Exemplar, groupKey, type SeriesCounts, type Snapshot, type WorkerHealth } from "./snapshot.ts";

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
  /**
   * Scores one of the long transcripts that were put off, since the timed path has no time for them. To be called when nothing is timed any
   * more, before the last snapshot, until it returns false.
   */
  scoreNext(): boolean;
  /** What was recorded since the last one. */
  snapshot(fromMs: number, toMs: number, health?: WorkerHealth): Snapshot;
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

interface RecordedSeries extends Pick<SeriesCounts, "sessions" | "atMost"> {
  histogram: Histogram;
  worst: Exemplar;
}

interface Interval {
  groups: Map<string, Group>;
  /** Per SLO: sessions by number of values and violations. */
  tallies: Map<number, number>[];
  good: Record<string, number>;
  sums: RunSums;
  accuracy: Map<string, Map<string, ClipAccuracy>>;
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
  const unscored: { stage: string; session: Transcribed }[] = [];
  // Of the session that is being recorded.
  let values: Readonly<SessionValues>;

  function record(observation: Observation): void {
    const { phase, stage, outcome } = observation;
    const group = groupOf(interval, groupKey(phase, stage));
    countSession(group.counts, observation);
    sumSession(interval.sums, observation, window);
    countOpen(interval.openChanges, observation);
    if (phase === "steady") {
      if (isLong(observation)) unscored.push({ stage, session: transcribed(observation) });
      else addSession(accuracyOf(interval, stage), observation);
    }
    values = sessionValues(observation);
    let good = outcome?.ok === true;
    for (let index = 0; index < METRICS.length; index++) {
      const metric = METRICS[index];
      if (metric === undefined || metric.per === "run") continue;
      const from = values.from[index] ?? 0;
      const to = values.from[index + 1] ?? 0;
      if (to > from) addValues(group, index, metric, observation, from, to);
      if (phase !== "steady") continue;
      if (metric.per !== "session" && metric.exact === true) keepExact(metric.name, from, to);
      for (const judged of judgedBy[index] ?? []) {
        if (judged.slo.stage !== undefined && judged.slo.stage !== stage) continue;
        good = judge(judged, metric, observation, from, to) && good;
      }
    }
    if (good && phase === "steady") interval.good[stage] = (interval.good[stage] ?? 0) + 1;
  }

  function addValues(
    group: Group,
    index: number,
    metric: Metric,
    observation: Observation,
    from: number,
    to: number,
  ): void {
    const judged = limits[index] ?? [];
    const series = (group.series[index] ??= {
      histogram: spare[index]?.pop() ?? new Histogram(ticksPerUnit(metric.unit)),
      sessions: 0,
      ...(judged.length === 0 ? {} : { atMost: judged.map(() => 0) }),
      worst: { seq: 0, value: -Infinity, endedMs: 0 },
    });
    series.sessions++;
    let largest = -Infinity;
    for (let i = from; i < to; i++) {
      const value = values.all[i] ?? NaN;
      series.histogram.record(value);
      if (value > largest) largest = value;
    }
    if (largest > series.worst.value) {
      const { seq, endedMs, scheduledMs } = observation;
      series.worst = { seq, value: largest, endedMs: endedMs ?? scheduledMs };
    }
    if (series.atMost !== undefined) countAtMost(series.atMost, judged, from, to);
  }

  function countAtMost(atMost: number[], judged: readonly number[], from: number, to: number): void {
    for (let limit = 0; limit < judged.length; limit++) {
      let within = 0;
      for (let i = from; i < to; i++) if ((values.all[i] ?? NaN) <= (judged[limit] ?? NaN)) within++;
      atMost[limit] = (atMost[limit] ?? 0) + within;
    }
  }

  function keepExact(name: string, from: number, to: number): void {
    const kept = (interval.exact[name] ??= []);
    for (let i = from; i < to; i++) kept.push(Math.round((values.all[i] ?? NaN) * 1000) / 1000);
  }

  /** Tallies the session for one SLO; false when the session itself breaks it. */
  function judge(
    { slo, index, share }: Judged,
    metric: Metric,
    observation: Observation,
    from: number,
    to: number,
  ): boolean {
    let over = 0;
    for (let i = from; i < to; i++) if (!keeps(slo, values.all[i] ?? NaN)) over++;
    let total = to - from;
    if (countsAsViolation(metric, observation)) {
      total = over = valuesOwed(metric, observation);
    }
    if (total === 0) return true;
    const tally = interval.tallies[index];
    const key = total * TALLY_BASE + over;
    tally?.set(key, (tally.get(key) ?? 0) + 1);
    return share === undefined || over <= share * total + 1e-9;
  }

  function snapshot(fromMs: number, toMs: number, health?: WorkerHealth): Snapshot {
    const ended = interval;
    interval = newInterval(config.slos.length);
    const series: Record<string, SeriesCounts> = {};
    for (const [key, group] of ended.groups) {
      group.series.forEach((entry, index) => {
        if (entry === undefined) return;
        const { histogram, ...rest } = entry;
        series[`${key}|${METRICS[index]?.name ?? ""}`] = { histogram: histogram.toCounts(), ...rest };
        histogram.reset();
        spare[index]?.push(histogram);
      });
    }
    return { ...finish(ended), fromMs, toMs, series, ...(health && { health }) };
  }

  return {
    record,
    cutWindow(endMs) {
      window.endMs = Math.min(window.endMs, endMs);
    },
    extendWindow(endMs) {
      window.endMs = Math.max(window.endMs, endMs);
    },
    scoreNext() {
      const next = unscored.pop();
      if (next !== undefined) addSession(accuracyOf(interval, next.stage), next.session);
      return next !== undefined;
    },
    snapshot,
  };
}

/** A session that failed breaks every SLO on what it should have delivered, unless the generator spoiled it or its caller left. */
function countsAsViolation(metric: Metric, { outcome }: Observation): boolean {
  return metric.ofFailed !== true && outcome?.ok === false && !isSpoiled(outcome);
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
    accuracy: new Map(),
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

function accuracyOf({ accuracy }: Interval, stage: string): Map<string, ClipAccuracy> {
  let byClip = accuracy.get(stage);
  if (byClip === undefined) accuracy.set(stage, (byClip = new Map<string, ClipAccuracy>()));
  return byClip;
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

/** The part of the snapshot that is no histogram. */
function finish(interval: Interval): Omit<Snapshot, "fromMs" | "toMs" | "series" | "health"> {
  return {
    counts: Object.fromEntries([...interval.groups].map(([key, group]) => [key, group.counts])),
    tallies: interval.tallies.map((tally) =>
      [...tally].map(([key, sessions]) => [Math.floor(key / TALLY_BASE), key % TALLY_BASE, sessions]),
    ),
    good: interval.good,
    sums: interval.sums,
    accuracy: Object.fromEntries(
      [...interval.accuracy].map(([stage, byClip]) => [stage, [...byClip.values()]]),
    ),
    exact: interval.exact,
    openChanges: [...interval.openChanges],
  };
}

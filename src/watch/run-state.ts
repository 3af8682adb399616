/** Gathers what exporters show of a run from what the coordinator hears. Plain state, no clock and no I/O of its own. */
import { defined } from "../base/defined.ts";
import { bucketLayout } from "./bucket-layout.ts";
import { metricNamed } from "../metrics/catalogue/catalogue.ts";
import type { RunResult, Validity } from "../metrics/result/result.ts";
import { exemplarKey, type RunFacts, type RunView, type WorkerView } from "./run-view.ts";
import { type Exemplar, keyParts, type Snapshot } from "../metrics/record/snapshot.ts";
import type { LiveTotals, Tick, WorkerReport } from "./listener.ts";
import { createTotals } from "../metrics/record/totals.ts";
import { judgeValidity, type Stall } from "../metrics/judge/validity.ts";
import type { LostWorker } from "../metrics/result/run-event.ts";

export interface RunState {
  /** From the first tick on there is something to show. */
  tick(tick: Pick<Tick, "totals" | "windowEndMs">): void;
  snapshot(snapshot: Snapshot): void;
  worker(report: WorkerReport): void;
  stall(stall: Stall): void;
  lost(worker: LostWorker): void;
  /** The run is over: from now on its result is shown. @param totals those it was made of */
  ended(result: RunResult, totals: LiveTotals): void;
  view(atMs: number): RunView;
}

/** A loop delay is shown for this long: as long as a usual scrape interval, so that none is missed. */
const DELAY_SHOWN_MS = 15_000;

export function createRunState(planned: RunFacts, workerCount: number): RunState {
  let facts = planned;
  const workers: WorkerView[] = Array.from({ length: workerCount }, () => ({
    open: 0,
    cpuShare: 0,
    loopDelayMs: 0,
  }));
  const delays: { atMs: number; ms: number }[][] = workers.map(() => []);
  const stalls: Record<string, { count: number; longestMs: number }> = Object.fromEntries(
    ["coordinator", ...workers.map((_, index) => `worker ${index + 1}`)].map((process) => [
      process,
      { count: 0, longestMs: 0 },
    ]),
  );
  const heard: Stall[] = [];
  const exemplars = new Map<string, Map<number, Exemplar>>();
  let totals: LiveTotals = createTotals({ window: planned.window, slos: planned.slos });
  let workersLost = 0;
  let lostWeight = 0;
  let result: RunResult | undefined;

  function keepExemplar(key: string, worst: Exemplar): void {
    const { phase, metric: name } = keyParts(key);
    const metric = metricNamed(name);
    if (metric === undefined) return;
    const at = exemplarKey(phase, name);
    const kept = exemplars.get(at) ?? new Map<number, Exemplar>();
    exemplars.set(at, kept);
    const { bounds } = bucketLayout(metric, facts.slos);
    const bucket = bounds.findIndex((bound) => worst.value <= bound);
    kept.set(bucket < 0 ? bounds.length : bucket, worst);
  }

  /** As its share of the load is dealt; 1 for a worker of this machine. @param index from 0 */
  function weightOf(index: number): number {
    return workers[index]?.remote?.()?.weight ?? 1;
  }

  /** By what is known while the run lasts; that too few sessions are in is no fault yet. */
  function validitySoFar(atMs: number): Validity["status"] | undefined {
    const sessions = totals.counts("steady");
    if (sessions.scheduled === 0) return undefined;
    const latenessP99Ms = totals.percentile("send_lateness", 99);
    return judgeValidity({
      chunkMs: facts.chunkMs,
      ...defined({ latenessP99Ms }),
      sessions,
      stalls: heard,
      fromMs: facts.window.startMs,
      toMs: atMs,
      lostWorkers: workersLost,
      lostShare: lostWeight / workers.reduce((sum, _worker, index) => sum + weightOf(index), 0),
      interrupted: false,
    }).status;
  }

  return {
    tick(tick) {
      totals = tick.totals;
      if (tick.windowEndMs !== facts.window.endMs) {
        facts = { ...facts, window: { ...facts.window, endMs: tick.windowEndMs } };
      }
    },
    snapshot({ series }) {
      for (const [key, { worst }] of Object.entries(series)) {
        if (worst !== undefined) keepExemplar(key, worst);
      }
    },
    worker({ worker, atMs, open, cpuShare, loopDelayMs, remote }) {
      const recent = (delays[worker] ?? []).filter((delay) => delay.atMs > atMs - DELAY_SHOWN_MS);
      recent.push({ atMs, ms: loopDelayMs });
      delays[worker] = recent;
      const longestMs = Math.max(...recent.map(({ ms }) => ms));
      workers[worker] = { open, cpuShare, loopDelayMs: longestMs, ...defined({ remote }) };
    },
    stall(stall) {
      heard.push(stall);
      const { count = 0, longestMs = 0 } = stalls[stall.process] ?? {};
      stalls[stall.process] = { count: count + 1, longestMs: Math.max(longestMs, stall.gapMs) };
    },
    lost({ worker, windowOver }) {
      workersLost++;
      if (!windowOver) lostWeight += weightOf(worker - 1);
    },
    ended(ending, final) {
      result = ending;
      totals = final;
      for (const worker of workers) Object.assign(worker, { open: 0, cpuShare: 0, loopDelayMs: 0 });
    },
    view(nowMs) {
      const atMs = result === undefined ? nowMs : Infinity;
      return {
        facts,
        atMs,
        totals,
        runValues: totals.valuesUntil(atMs),
        workers,
        workersLost,
        stalls,
        validity: result?.validity.status ?? validitySoFar(nowMs),
        exemplars,
        ...defined({ result }),
      };
    },
  };
}

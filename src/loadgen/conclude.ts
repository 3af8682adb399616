/** From what a run left behind to its result: validity first, then the target's life, then the SLOs. Pure. */
import { collapseCheck } from "../metrics/collapse.ts";
import { judgeSlo } from "../metrics/gate.ts";
import type { Check, RunResult, Validity } from "../metrics/result.ts";
import { buildRunResult } from "../metrics/result.ts";
import type { Slo } from "../metrics/slo.ts";
import { steadyStateCheck } from "../metrics/steady-state.ts";
import type { Totals } from "../metrics/totals.ts";
import { judgeValidity } from "../metrics/validity.ts";
import type { RunOutcome } from "./coordinator.ts";
import type { RunnableScenario } from "./scenario.ts";

export interface Conclusion {
  scenario: RunnableScenario;
  slos: readonly Slo[];
  outcome: RunOutcome;
  totals: Totals;
  /** Whether the target could still be connected to right after the run; undefined when nobody looked. */
  reachableAtEnd: boolean | undefined;
  run: Pick<RunResult["run"], "id" | "seed" | "tool" | "node" | "host" | "cpus"> & { git?: string };
  target: RunResult["target"];
  dataset: RunResult["dataset"];
}

/** The result of a run. */
export function conclude(input: Conclusion): RunResult {
  const { scenario, outcome, totals } = input;
  const windowEndMs = windowEnd(input);
  totals.cutWindow(windowEndMs);
  const metrics = totals.summaries();
  const steady = totals.counts("steady");
  const slos: Check[] = input.slos.map((slo, index) =>
    judgeSlo(
      slo,
      (slo.stage === undefined ? metrics : totals.summaries(slo.stage))[slo.metric],
      totals.tally(index),
    ),
  );
  return buildRunResult({
    validity: validity(input, windowEndMs),
    slos: [...slos, targetAlive(input), ...collapse(input)],
    run: {
      ...input.run,
      startedAt: new Date(outcome.startedAtEpochMs).toISOString(),
      endedAt: new Date(outcome.endedAtEpochMs).toISOString(),
      interrupted: outcome.interrupted || outcome.problems.length > 0,
      planHash: outcome.planHash,
      workers: outcome.summaries.length,
    },
    target: input.target,
    scenario,
    dataset: input.dataset,
    window: {
      warmupMs: scenario.warmupMs,
      steadyMs: windowEndMs - scenario.warmupMs,
      drainMs: Math.max(0, lastRecordedEnd(outcome) - windowEndMs),
    },
    sessions: steady,
    sessionsByPhase: { warmup: totals.counts("warmup"), steady, drain: totals.counts("drain") },
    metrics,
    byStage: Object.fromEntries(totals.stages().map((stage) => [stage, totals.summaries(stage)])),
    timeline: totals.timeline(),
  });
}

function windowEnd({ scenario, outcome }: Conclusion): number {
  const ends = outcome.summaries.flatMap((summary) => (summary === undefined ? [] : [summary.windowEndMs]));
  return ends.length === 0 ? scenario.warmupMs + scenario.steadyMs : Math.max(...ends);
}

function lastRecordedEnd({ summaries }: RunOutcome): number {
  return Math.max(0, ...summaries.map((summary) => summary?.lastRecordedEndMs ?? 0));
}

function validity({ scenario, outcome, totals }: Conclusion, windowEndMs: number): Validity {
  const metrics = totals.summaries();
  const latenessP99Ms = metrics["send_lateness"]?.p99;
  const lost = outcome.summaries.filter((summary) => summary === undefined).length;
  return judgeValidity({
    chunkMs: scenario.audio.chunkMs,
    ...(latenessP99Ms === undefined ? {} : { latenessP99Ms }),
    sessions: totals.counts("steady"),
    stalls: outcome.stalls,
    fromMs: scenario.warmupMs,
    toMs: Math.max(windowEndMs, lastRecordedEnd(outcome)),
    ...concurrency(scenario, outcome, metrics["concurrency"]?.value, windowEndMs),
    ...(isConstant(scenario) ? { steadyState: steadyStateCheck(totals.timeline()) } : {}),
    lostWorkers: lost,
    lostShare: lost / outcome.summaries.length,
    interrupted: outcome.interrupted || outcome.problems.length > 0,
  });
}

/** Load that is meant to stay as it is through the window: only then is a trend the server's. */
function isConstant({ load }: RunnableScenario): boolean {
  return load.iterations === undefined;
}

/** None where the load changes by plan, or where too little was measured to tell. */
function collapse({ scenario, totals, dataset }: Conclusion): Check[] {
  if (!isConstant(scenario)) return [];
  const { paddingBeforeMs, paddingAfterMs } = scenario.audio;
  const backlogSlope = totals.summaries()["backlog_slope"];
  const check = collapseCheck({
    timeline: totals.timeline(),
    ...(backlogSlope === undefined ? {} : { backlogSlope }),
    meanAudioMs: (dataset.audioSeconds * 1000) / dataset.clips + paddingBeforeMs + paddingAfterMs,
  });
  return check === undefined ? [] : [check];
}

/**
 * Callers against the plan. With think time fewer sessions than callers are open by design, with iterations callers
 * leave one by one: then there is no planned mean to hold the run to.
 */
function concurrency(
  { load, warmupMs }: RunnableScenario,
  { summaries }: RunOutcome,
  mean: number | undefined,
  windowEndMs: number,
): { concurrency?: { planned: number; mean: number; lostToServer: number } } {
  const windowMs = windowEndMs - warmupMs;
  if (mean === undefined || load.iterations !== undefined || load.thinkMs > 0 || windowMs <= 0) return {};
  const pausedMs = summaries.reduce((sum, summary) => sum + (summary?.pausedSlotMs ?? 0), 0);
  return { concurrency: { planned: load.streams, mean, lostToServer: pausedMs / windowMs } };
}

/** Losing the connections of this share of the callers counts as the death of the server. */
const DEATH_SHARE = 0.5;

/**
 * A server that dies in a run never passes, whatever the SLOs say: not when it refused connections, not when it took
 * its connections down with it, not when nobody answers at the end.
 */
function targetAlive({ totals, scenario, reachableAtEnd }: Conclusion): Check {
  const failures = [...totals.counts("steady").failures, ...totals.counts("drain").failures];
  const failed = (kind: string): number =>
    failures.reduce((sum, failure) => sum + (failure.class === kind ? failure.count : 0), 0);
  const refused = failed("refused");
  // A server that shuts down in good order resets its streams before it closes their connections.
  const dropped = failed("connection-lost") + failed("reset");
  const check = { name: "target_alive", observed: refused + dropped, limit: "0" };
  if (reachableAtEnd === false) {
    return {
      ...check,
      verdict: "fail",
      advice: "nobody answered at the target's address right after the run",
    };
  }
  if (refused > 0) {
    return {
      ...check,
      verdict: "fail",
      advice: `${refused} session(s) were refused a connection: the target was down`,
    };
  }
  if (dropped >= DEATH_SHARE * scenario.load.streams) {
    return {
      ...check,
      verdict: "fail",
      advice: `${dropped} session(s) lost their connection or were reset: the target went down`,
    };
  }
  return { ...check, verdict: "pass" };
}

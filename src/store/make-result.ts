/** From what a run left behind to its result: validity first, then the target's life, then the SLOs. Pure. */
import { defined } from "../base/defined.ts";
import { collapseCheck } from "../metrics/judge/collapse.ts";
import { judgeSlo } from "../metrics/judge/gate.ts";
import type { Check, RunResult, Validity } from "../metrics/result/result.ts";
import { buildRunResult } from "../metrics/result/result.ts";
import type { Slo } from "../metrics/judge/slo.ts";
import { steadyStateCheck } from "../metrics/judge/steady-state.ts";
import type { Totals } from "../metrics/record/totals.ts";
import type { ValidityInput } from "../metrics/judge/validity.ts";
import { judgeValidity } from "../metrics/judge/validity.ts";
import type { ShardFacts } from "../metrics/result/shards.ts";
import type { RunOutcome } from "../loadgen/workers/coordinator.ts";
import { droppedCheck, hasRoom } from "../loadgen/engine/dropped.ts";
import { loadShape } from "../scenario/load/load-shape.ts";
import { comesAtRandom, isClosed, isLevel, isUnpaced, iterationsOf } from "../scenario/load/load.ts";
import { fallsBefore, meanCallers, peakLevel } from "../scenario/load/level.ts";
import type { Rebuilt } from "./rebuild.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";

export interface Conclusion {
  scenario: RunnableScenario;
  slos: readonly Slo[];
  outcome: RunOutcome;
  totals: Totals;
  /** Present when `totals` were added up from the records because workers were lost or the whole run was killed. */
  rebuilt?: Pick<Rebuilt, "inFlight" | "lastSeenMs" | "lastRecordedEndMs">;
  /** The coordinator did not live to judge the run. */
  killed?: boolean;
  /** Whether the target could still be connected to right after the run; undefined when nobody looked. */
  reachableAtEnd: boolean | undefined;
  run: Pick<RunResult["run"], "id" | "seed" | "tool" | "node" | "host" | "cpus"> &
    Partial<Pick<RunResult["run"], "git" | "calibration" | "remote" | "shard" | "shards">>;
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
  const checks = [
    ...slos,
    targetAlive(input),
    ...(isClosed(scenario.load) ? [] : [droppedCheck(steady)]),
    ...collapse(input),
  ];
  const { shard } = input.run;
  return buildRunResult({
    validity: validity(input, windowEndMs),
    slos: shard === undefined ? checks : checks.map((check) => undecided(check, shard, input)),
    run: {
      ...input.run,
      ...(shard === undefined ? {} : { shard: shardAtEnd(shard, input) }),
      startedAt: new Date(outcome.startedAtEpochMs).toISOString(),
      endedAt: new Date(outcome.endedAtEpochMs).toISOString(),
      interrupted: outcome.interrupted || outcome.problems.length > 0 || input.killed === true,
      planHash: outcome.planHash,
      workers: outcome.summaries.length,
    },
    target: input.target,
    scenario,
    dataset: input.dataset,
    window: {
      warmupMs: scenario.warmupMs,
      steadyMs: windowEndMs - scenario.warmupMs,
      drainMs: Math.max(0, lastRecordedEnd(input) - windowEndMs),
    },
    sessions: steady,
    sessionsByPhase: { warmup: totals.counts("warmup"), steady, drain: totals.counts("drain") },
    metrics,
    byStage: Object.fromEntries(totals.stages().map((stage) => [stage, totals.summaries(stage)])),
    timeline: totals.timeline(),
    ...accuracyPart(totals),
  });
}

/**
 * One part of a run decides nothing for the whole, but that a target which is unreachable or refuses connections in one part was
 * down. Connections that a part loses may be too few for the whole.
 */
function undecided(check: Check, { index, count }: ShardFacts, input: Conclusion): Check {
  const wasDown = input.reachableAtEnd === false || failedBy(input, "refused") > 0;
  if (check.name === TARGET_ALIVE && wasDown) return check;
  const advice = `not decided: this is shard ${index} of ${count}; \`bench merge\` judges the whole run`;
  return { ...check, verdict: "inconclusive", advice };
}

/** With what the whole needs to know of the end of its part. */
function shardAtEnd(shard: ShardFacts, { outcome, reachableAtEnd }: Conclusion): ShardFacts {
  return { ...shard, pausedSlotMs: pausedMs(outcome), ...defined({ reachableAtEnd }) };
}

function pausedMs({ summaries }: RunOutcome): number {
  return summaries.reduce((sum, summary) => sum + (summary?.pausedSlotMs ?? 0), 0);
}

/** The part of the callers that the run had. */
function partOf({ shard }: Conclusion["run"]): { index: number; of: number } {
  return shard === undefined ? { index: 0, of: 1 } : { index: shard.index - 1, of: shard.count };
}

/** Rows for clips of which something is known. */
function accuracyPart(totals: Totals): Pick<RunResult, "accuracy"> {
  const accuracy = totals.accuracy();
  return accuracy.length === 0 ? {} : { accuracy: [...accuracy] };
}

/** As the workers say; when none of them lived to say it, the window was as long as there was load. */
function windowEnd({ scenario: { warmupMs, steadyMs }, outcome, rebuilt }: Conclusion): number {
  const ends = outcome.summaries.flatMap((summary) => (summary === undefined ? [] : [summary.windowEndMs]));
  if (ends.length > 0) return Math.max(...ends);
  return Math.max(
    warmupMs,
    Math.min(outcome.extendedToMs ?? warmupMs + steadyMs, rebuilt?.lastSeenMs ?? Infinity),
  );
}

function lastRecordedEnd({ outcome, rebuilt }: Conclusion): number {
  const ends = outcome.summaries.map((summary) => summary?.lastRecordedEndMs ?? 0);
  return Math.max(0, rebuilt?.lastRecordedEndMs ?? 0, ...ends);
}

function validity(input: Conclusion, windowEndMs: number): Validity {
  const { scenario, outcome, totals, rebuilt, dataset } = input;
  const metrics = totals.summaries();
  const latenessP99Ms = metrics["send_lateness"]?.p99;
  // What was lost after its window cost the measurement nothing but a thinner load for the last sessions of others.
  const lostInWindow = outcome.lost.filter((worker) => !worker.windowOver).length;
  return judgeValidity({
    chunkMs: scenario.audio.chunkMs,
    ...defined({ latenessP99Ms }),
    sessions: totals.counts("steady"),
    stalls: outcome.stalls,
    fromMs: scenario.warmupMs,
    toMs: Math.max(windowEndMs, lastRecordedEnd(input)),
    ...concurrency(input, metrics["concurrency"]?.value, windowEndMs),
    ...(isClosed(scenario.load)
      ? {}
      : {
          lateStarts: metrics["late_starts"]?.value ?? 0,
          roomForAll: hasRoom(scenario, dataset),
        }),
    ...(isLevel(scenario.load)
      ? { steadyState: steadyStateCheck(totals.timeline(), { random: comesAtRandom(scenario.load) }) }
      : {}),
    ...clocks(input.run),
    lostWorkers: outcome.lost.length,
    lostShare: outcome.lostShare ?? lostInWindow / outcome.summaries.length,
    interrupted: outcome.interrupted || outcome.problems.length > 0,
    ...(input.killed === true && rebuilt !== undefined
      ? { killed: { atMs: rebuilt.lastSeenMs, inFlight: rebuilt.inFlight.length } }
      : {}),
  });
}

function clocks({
  remote,
  shards,
}: Conclusion["run"]): Pick<ValidityInput, "clockUncertaintyMs" | "startSpreadMs"> {
  if (shards !== undefined) return { startSpreadMs: shards.startSpreadMs };
  const known = remote?.workers.flatMap(({ clockUncertaintyMs }) => clockUncertaintyMs ?? []) ?? [];
  return known.length === 0 ? {} : { clockUncertaintyMs: Math.max(...known) };
}

/** None where the load changes by plan or takes what the server gives, or where too little was measured to tell. */
function collapse({ scenario, totals, dataset }: Conclusion): Check[] {
  if (!isLevel(scenario.load) || isUnpaced(scenario.load)) return [];
  const { paddingBeforeMs, paddingAfterMs } = scenario.audio;
  const backlogSlope = totals.summaries()["backlog_slope"];
  const check = collapseCheck({
    timeline: totals.timeline(),
    ...defined({ backlogSlope }),
    meanAudioMs: (dataset.audioSeconds * 1000) / dataset.clips + paddingBeforeMs + paddingAfterMs,
  });
  return check === undefined ? [] : [check];
}

/**
 * Callers against the plan. With think time fewer sessions than callers are open by design, with iterations callers
 * leave one by one, those that a falling load sends home stay until their session has ended, and without pace sessions
 * are too short for the gaps between them: then there is no planned mean to hold the run to.
 */
function concurrency(
  { scenario: { load, warmupMs }, outcome, run }: Conclusion,
  mean: number | undefined,
  windowEndMs: number,
): { concurrency?: { planned: number; mean: number; lostToServer: number } } {
  const windowMs = windowEndMs - warmupMs;
  const { segments } = loadShape(load, warmupMs);
  const held = isClosed(load) && load.thinkMs === 0 && !isUnpaced(load) && iterationsOf(load) === undefined;
  if (mean === undefined || !held || windowMs <= 0 || fallsBefore(segments, windowEndMs)) return {};
  const planned = meanCallers(segments, warmupMs, windowEndMs, partOf(run));
  return { concurrency: { planned, mean, lostToServer: pausedMs(outcome) / windowMs } };
}

/** Losing the connections of this share of the callers (of the mean number of sessions, in open loads) counts as the death of the server. */
const DEATH_SHARE = 0.5;

const TARGET_ALIVE = "target_alive";

/** Sessions of the window and of the drain that failed in such a way. */
function failedBy({ totals }: Conclusion, kind: string): number {
  const failures = [...totals.counts("steady").failures, ...totals.counts("drain").failures];
  return failures.reduce((sum, failure) => sum + (failure.class === kind ? failure.count : 0), 0);
}

/**
 * A server that dies in a run never passes, whatever the SLOs say: not when it refused connections, not when it took
 * its connections down with it, not when nobody answers at the end.
 */
function targetAlive(input: Conclusion): Check {
  const { totals, scenario, reachableAtEnd, run } = input;
  const { load, warmupMs } = scenario;
  const refused = failedBy(input, "refused");
  // A server that shuts down in good order resets its streams before it closes their connections.
  const dropped = failedBy(input, "connection-lost") + failedBy(input, "reset");
  const usuallyOpen = isClosed(load)
    ? peakLevel(loadShape(load, warmupMs).segments) / partOf(run).of
    : (totals.summaries()["concurrency"]?.value ?? 0);
  const check = { name: TARGET_ALIVE, observed: refused + dropped, limit: "0 lost" };
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
  if (dropped > 0 && dropped >= DEATH_SHARE * usuallyOpen) {
    return {
      ...check,
      verdict: "fail",
      advice: `${dropped} session(s) lost their connection or were reset: the target went down`,
    };
  }
  return { ...check, verdict: "pass" };
}

/** Makes one run of its shards: from their records, with the code that rebuilds and judges any run. */
import { defined } from "../../base/defined.ts";
import { newRunId } from "../../base/run-id.ts";
import { BenchError } from "../../base/errors.ts";
import { PROCESS_ID } from "../../base/process/machine.ts";
import type { World } from "../../base/process/world.ts";
import type { Plan } from "../../loadgen/plan/plan.ts";
import { makePlan, shareOfLoad } from "../../loadgen/plan/plan.ts";
import type { Shard } from "../../loadgen/plan/share.ts";
import { shareOf } from "../../loadgen/plan/share.ts";
import { planInput } from "../../loadgen/plan/plan-input.ts";
import type { RunOutcome } from "../../loadgen/workers/coordinator.ts";
import type { PlannedSession } from "../../loadgen/workers/start-record.ts";
import { parseSlo } from "../../metrics/judge/slo.ts";
import type { ClipFacts } from "../../metrics/observation/observation.ts";
import { createHlog, hlogHeader } from "../../metrics/record/hlog.ts";
import type { AddressShare, RunManifest, RunResult } from "../../metrics/result/result.ts";
import type { LostWorker, RunEvent } from "../../metrics/result/run-event.ts";
import type { MergedShards } from "../../metrics/result/shards.ts";
import { readClips } from "../../metrics/result/stored-sessions.ts";
import { traceOf } from "../../scenario/load/trace.ts";
import type { RunnableScenario } from "../../scenario/scenario.ts";
import { formatScenario } from "../../scenario/scenario.ts";
import { conclude } from "../../store/make-result.ts";
import { rebuildTotals } from "../../store/rebuild.ts";
import type { RunFolder } from "../../store/run-folder.ts";
import { createRunFolder, recordFiles } from "../../store/run-folder.ts";
import { plannedSessions } from "../run-lost.ts";
import type { FinishedRun } from "../run-once.ts";
import { storeResult } from "../run-once.ts";
import { mergeRecords } from "./merge-records.ts";
import { sessionsOfCallers } from "./missing-callers.ts";
import type { StoredShard } from "./read-shards.ts";
import { readShards, windowEndMs } from "./read-shards.ts";

export interface MergedRun extends FinishedRun {
  /** Lines of records that were cut short in the middle of their write and left out. */
  unreadable: number;
}

/**
 * Puts the shards of a run together and writes the run folder of the whole.
 * @param paths run folders of shards
 * @param out the new run folder; undefined = `results/<run id>`
 * @throws BenchError (exit 2) for folders that are no shards of one run, or that an unbegun session can't be counted from,
 * (exit 1) when the new folder can't be written
 */
export async function mergeShards(
  world: World,
  paths: readonly string[],
  out: string | undefined,
): Promise<MergedRun> {
  const shards = await readShards(paths, world.cwd);
  const [first] = shards;
  if (first === undefined) throw BenchError.usage("no shards to merge");
  const { scenario } = first;
  const id = newRunId(world.clock, scenario.name);
  const folder = createRunFolder(out, id, world.cwd);
  try {
    folder.write("scenario.yaml", formatScenario(scenario));
    const { unreadable, events } = await mergeRecords(shards, scenario, folder);
    const result = await resultOf(shards, events, { id, scenario, folder, first: first.result });
    const problem = await storeResult(folder, result);
    return { result, folder: folder.path, unreadable, ...defined({ problem }) };
  } finally {
    folder.discardUnlessBegun();
  }
}

interface Merging {
  id: string;
  scenario: RunnableScenario;
  folder: RunFolder;
  /** Those of the first shard. */
  first: RunResult;
}

async function resultOf(
  shards: readonly StoredShard[],
  events: readonly RunEvent[],
  { id, scenario, folder, first }: Merging,
): Promise<RunResult> {
  const slos = scenario.slo.map((text) => parseSlo(text));
  const facts = mergedFacts(shards);
  const losses = lossesOf(shards, facts, events);
  for (const loss of losses) folder.event(loss);
  const known = [...events, ...losses];
  const shares = known.some(({ lost }) => lost !== undefined)
    ? await sharesOf(shards, { scenario, folder, first })
    : undefined;
  const outcome = outcomeOf(shards, known, shares);
  const window = { startMs: scenario.warmupMs, endMs: scenario.warmupMs + scenario.steadyMs };
  const { tool, node, cpus, git, seed } = first.run;
  const host = [...new Set(facts.merged.map((shard) => shard.host))].join(", ");
  const run = { id, seed, tool, node, cpus, host, ...defined({ git }), shards: facts };
  const target = { ...first.target, ...addressesOf(shards) };
  const { dataset } = first;
  const endsMs = shards.map(({ result }) => windowEndMs(result));
  // Of a load of iterations the window ends before its limit.
  const plannedUntilMs = Math.min(window.endMs, Math.max(...endsMs));
  const hlog = createHlog((lines) => folder.append("histograms.hlog", lines));
  folder.append("histograms.hlog", hlogHeader(outcome.startedAtEpochMs));
  const rebuilt = await rebuildTotals({
    ...recordFiles(folder.path),
    ...{ window, slos, lost: outcome.lost },
    ...(shares === undefined
      ? {}
      : { planned: (worker) => shares.planned(worker, outcome.lost, window.endMs), plannedUntilMs }),
    onSnapshot: (snapshot) => hlog.add(snapshot),
  });
  hlog.end();
  if (rebuilt.unreadable > 0)
    throw BenchError.usage(
      `the shards have ${rebuilt.unreadable} record(s) of sessions that can't be read: they lack fields or name a clip that is not in clips.ndjson`,
      "Copy the folders of the shards again.",
    );
  mustCountAll(shards, rebuilt.totals.counts("steady").scheduled);
  const startedAt = new Date(outcome.startedAtEpochMs).toISOString();
  const manifest: RunManifest = {
    schema: "riva-bench/manifest@1",
    run: { ...run, startedAt, planHash: outcome.planHash, workers: outcome.summaries.length },
    ...{ target, dataset, pid: PROCESS_ID },
  };
  folder.write("run.json", `${JSON.stringify(manifest, null, 2)}\n`);
  const reachable = shards.map(({ shard }) => shard.reachableAtEnd);
  return conclude({
    ...{ scenario, slos, outcome, run, target, dataset, rebuilt },
    totals: rebuilt.totals,
    reachableAtEnd: reachable.includes(false) ? false : reachable.includes(undefined) ? undefined : true,
  });
}

/** Checks that the whole counts what the shards counted. @param scheduled sessions of the window that their records have, or tell to be lost */
function mustCountAll(shards: readonly StoredShard[], scheduled: number): void {
  // What was cut short has no count of its own that would hold.
  if (shards.some(({ result, isWhole }) => !isWhole || result.run.interrupted)) return;
  const counted = shards.reduce((sum, { result }) => sum + result.sessions.scheduled, 0);
  if (scheduled >= counted) return;
  throw BenchError.usage(
    `the records of the shards have ${scheduled} sessions of the window, and their result.json ${counted}`,
    "Copy the folders of the shards again.",
  );
}

/** The parts, as the result of the whole has them. */
function mergedFacts(shards: readonly StoredShard[]): MergedShards {
  const count = shards[0]?.shard.count ?? 0;
  const starts = shards.map(({ result }) => Date.parse(result.run.startedAt));
  const there = new Set(shards.map(({ shard }) => shard.index));
  return {
    count,
    merged: shards.map(({ shard: { index }, result: { run }, isWhole, isCutInDrain }) => ({
      ...{ index, run: run.id, host: run.host, startedAt: run.startedAt, workers: run.workers },
      ...(isWhole ? {} : { cutShort: true }),
      ...(isCutInDrain ? { cutInDrain: true } : {}),
    })),
    missing: Array.from({ length: count }, (_, index) => index + 1).filter((index) => !there.has(index)),
    startSpreadMs: Math.max(...starts) - Math.min(...starts),
  };
}

/** The same that a coordinator of all the workers would have told. */
function outcomeOf(
  shards: readonly StoredShard[],
  events: readonly RunEvent[],
  shares: Shares | undefined,
): RunOutcome {
  const told = new Set<number>();
  const lost = events
    .flatMap((event) => event.lost ?? [])
    .filter(({ worker }) => !told.has(worker) && told.add(worker));
  return {
    startedAtEpochMs: Math.min(...shards.map(({ result }) => Date.parse(result.run.startedAt))),
    endedAtEpochMs: Math.max(...shards.map(({ result }) => Date.parse(result.run.endedAt))),
    planHash: shards[0]?.result.run.planHash ?? "",
    connections: 0,
    warmUpMs: 0,
    stalls: events.flatMap(({ stall }) => stall ?? []),
    lost,
    lostShare: lost.reduce((sum, one) => sum + (one.windowOver ? 0 : (shares?.ofLoad(one.worker) ?? 0)), 0),
    summaries: shards.flatMap(summariesOf),
    sessionsByAddress: {},
    problems: [],
    interrupted: false,
  };
}

/** How many workers shared the part of the plan that a worker had a share of, by its place in the plan; undefined where there is nothing of it. */
function workersByShard(shards: readonly StoredShard[]): (worker: number) => number | undefined {
  const count = shards[0]?.shard.count ?? 1;
  const known = new Map(shards.map(({ shard, result }) => [shard.index, result.run.workers]));
  return (worker) => known.get(((worker - 1) % count) + 1);
}

/** Events of the workers that are gone with their shards: of those that are missing, and of those that were cut short, in the drain too. */
function lossesOf(
  shards: readonly StoredShard[],
  { count, missing }: MergedShards,
  events: readonly RunEvent[],
): RunEvent[] {
  const known = new Set(events.flatMap(({ lost }) => lost?.worker ?? []));
  const loss = (worker: number, atMs: number, why: string, windowOver = false): RunEvent => ({
    ...{ atMs, type: "worker-lost" },
    message: `${why}; ${windowOver ? "what it had under way counts" : "its share counts"} as lost`,
    lost: { worker, atMs, windowOver },
  });
  return [
    ...missing.map((index) => loss(index, 0, `shard ${index} is missing`)),
    ...shards.flatMap(({ shard: { index }, result, isWhole, isCutInDrain }) =>
      Array.from({ length: isWhole && !isCutInDrain ? 0 : result.run.workers }, (_, at) => index + count * at)
        .filter((worker) => !known.has(worker))
        .map((worker) =>
          loss(
            worker,
            windowEndMs(result),
            `shard ${index}: worker ${worker} did not come to its end`,
            isCutInDrain,
          ),
        ),
    ),
  ];
}

/** One for each worker; what is known of the shard as a whole stands with the first. */
function summariesOf({ shard, result, isWhole }: StoredShard): RunOutcome["summaries"][number][] {
  const endMs = windowEndMs(result);
  return Array.from({ length: result.run.workers }, (_, at) =>
    isWhole
      ? {
          windowEndMs: endMs,
          lastRecordedEndMs: endMs + result.window.drainMs,
          pausedSlotMs: at === 0 ? (shard.pausedSlotMs ?? 0) : 0,
        }
      : undefined,
  );
}

/** The sessions that the plan gave to each worker, whether it was there or not. */
interface Shares {
  /** Part of the load, 0 to 1: of callers, who may divide unevenly, else of the sessions. */
  ofLoad(worker: number): number;
  /** Sessions that it had to begin, in order of time. */
  planned(worker: number, lost: readonly LostWorker[], untilMs: number): Iterable<PlannedSession>;
}

async function sharesOf(
  shards: readonly StoredShard[],
  { scenario, folder, first }: Pick<Merging, "scenario" | "folder" | "first">,
): Promise<Shares> {
  const clips = [...(await readClips(recordFiles(folder.path).clipsFile)).values()];
  const plan = await planAgain(scenario, clips, first);
  const count = first.run.shard?.count ?? 1;
  const workersOf = workersByShard(shards);
  const partOf = (worker: number): Shard => ({ index: worker - 1, of: count * (workersOf(worker) ?? 1) });
  return {
    ofLoad(worker) {
      return shareOfLoad(plan.input, [shareOf(partOf(worker))]);
    },
    planned(worker, lost, untilMs) {
      const part = partOf(worker);
      if (plan.kind === "open") return plannedSessions(plan, worker, shareOf(part));
      // Callers whose window was over had no more sessions to begin, however quick the server might have been.
      if (lost.some((one) => one.worker === worker && one.windowOver)) return [];
      return sessionsOfCallers(plan, part, (clip) => clips[clip]?.audioMs ?? 0, untilMs);
    },
  };
}

/** The plan of the shards, which their folders do not hold. */
async function planAgain(
  scenario: RunnableScenario,
  clips: readonly ClipFacts[],
  { dataset, run }: RunResult,
): Promise<Plan> {
  const { paddingBeforeMs, paddingAfterMs } = scenario.audio;
  // The dataset may be on other machines only; all that decides which session comes when is in the clips' facts.
  const played = clips.map((clip) => ({
    ...clip,
    sampleRateHz: 0,
    audioMs: clip.audioMs - paddingBeforeMs - paddingAfterMs,
  }));
  const plan = makePlan(
    planInput(scenario, { ...dataset, clips: played }, await traceOf(scenario.load)),
    run.seed,
  );
  if (scenario.load.model === "trace" && plan.hash !== run.planHash)
    throw BenchError.usage(
      `${scenario.load.file} is not the trace of this run: its plan would be another one`,
      "It is needed to count the sessions of the shards that are missing or were cut short.",
    );
  return plan;
}

/** Where the target's name has several addresses: the sessions of all shards at each. */
function addressesOf(shards: readonly StoredShard[]): Pick<RunResult["target"], "addresses"> {
  const byAddress = new Map<string, AddressShare>();
  for (const share of shards.flatMap(({ result }) => result.target.addresses ?? [])) {
    const { address, sessions, leftOut } = share;
    const before = byAddress.get(address);
    // Left out by all, or it had sessions.
    const isOut = leftOut !== undefined && (before === undefined || before.leftOut !== undefined);
    byAddress.set(address, {
      address,
      sessions: sessions + (before?.sessions ?? 0),
      ...(isOut ? { leftOut } : {}),
    });
  }
  return byAddress.size === 0 ? {} : { addresses: [...byAddress.values()] };
}

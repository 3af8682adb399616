/** What a run is made of, read and checked before anything is started or written. */
import { MOST_WORKERS } from "../metrics/result/remote-workers.ts";
import { defined } from "../base/defined.ts";
import { availableParallelism } from "node:os";
import type { OpenDataset } from "../base/dataset/dataset.ts";
import { openDataset } from "../base/dataset/dataset.ts";
import { BenchError } from "../base/errors.ts";
import type { OpenPlanInput, PlanInput } from "../loadgen/plan/plan-input.ts";
import type { Shard } from "../loadgen/plan/share.ts";
import { planInput } from "../loadgen/plan/plan-input.ts";
import { playedClips } from "../loadgen/plan/played-clips.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";
import { checkAgainstDataset, checkStages, loadScenario } from "../scenario/scenario.ts";
import { traceOf } from "../scenario/load/trace.ts";
import { isUnpaced } from "../scenario/load/load.ts";
import { unloadedMs } from "./unloaded-time.ts";
import type { TransportChoice } from "../client/transports.ts";
import type { UntilCertified } from "../loadgen/plan/until-certified.ts";
import { parseUntilCertified } from "../loadgen/plan/until-certified.ts";
import { workerCount } from "../loadgen/workers/worker-count.ts";
import type { Slo } from "../metrics/judge/slo.ts";
import { parseSlo } from "../metrics/judge/slo.ts";
import type { World } from "../base/process/world.ts";
import { durationFlag, formatDuration } from "../base/duration.ts";
import { isRunId } from "../base/run-id.ts";
import type { BrokerFlags, BrokerOptions } from "./nats/broker-options.ts";
import { readBrokerOptions } from "./nats/broker-options.ts";
import type { ShardFlags, ShardInput } from "./shards/shard-flags.ts";
import { shardInput, WHOLE } from "./shards/shard-flags.ts";

/** The scenario, and what is to take the place of its own values. */
export interface RunFlags extends BrokerFlags, ShardFlags {
  /** Name or file. */
  scenario: string;
  /** Decides clips and phases. */
  seed: number;
  /** "auto" or a number. */
  workers: string;
  streams?: number | undefined;
  rate?: number | undefined;
  duration?: string | undefined;
  warmup?: string | undefined;
  chunk?: string | undefined;
  transport?: TransportChoice | undefined;
  /** Besides the scenario's. */
  slo?: string[] | undefined;
  untilCertified?: string | undefined;
  budget?: string | undefined;
  otlp?: string | undefined;
  otlpSample?: number | undefined;
  /** With `nats`: the name that workers know the run by; default: one that is made up. */
  run?: string | undefined;
  /** With `nats`: how many workers there are to be. */
  expectWorkers?: number | undefined;
  /** With `nats`: how long they may take to get ready. */
  joinTimeout?: string | undefined;
}

/** Flags that put the workers on other machines, of every command that makes load. */
export type RemoteFlags = BrokerFlags & Pick<RunFlags, "run" | "expectWorkers" | "joinTimeout">;

/** Where the workers are when they are not on this machine. */
export interface RemoteInput {
  broker: BrokerOptions;
  runId: string | undefined;
  joinMs: number;
}

export interface RunInput {
  seed: number;
  scenario: RunnableScenario;
  until: UntilCertified | undefined;
  dataset: OpenDataset;
  slos: readonly Slo[];
  planned: PlanInput | OpenPlanInput;
  /** How many processes make the load, or this machine's part of it. */
  workers: number;
  /** Present when this machine carries but a part of the plan. */
  shard?: ShardInput;
  /** Share of the sessions that the server is asked to trace; undefined when nothing is traced. */
  traceRatio: number | undefined;
  /** Present when workers of other machines make the load. */
  remote?: RemoteInput;
}

/**
 * All that can be wrong with the input is found here.
 * @throws BenchError (exit 2) that names the flag, or the line of the file
 */
export async function readInput(world: World, flags: RunFlags): Promise<RunInput> {
  const { seed, streams, rate, duration, warmup, chunk, transport, slo } = flags;
  if (!Number.isSafeInteger(seed)) throw BenchError.usage(`--seed ${seed}: must be a whole number`);
  const overrides = {
    ...defined({ streams, rate, duration, warmup, chunk, transport, slo }),
  };
  const read = await loadScenario(flags.scenario, { root: world.root, cwd: world.cwd, overrides });
  const slos = read.slo.map((text) => parseSlo(text));
  checkParity(slos, read);
  const dataset = await openDataset(read.audio.dataset, { root: world.root });
  const until = parseUntilCertified(flags.untilCertified, flags.budget, read.load);
  const fitting = checkAgainstDataset(read, dataset);
  const selected = playedClips(dataset, read.audio, seed);
  checkStages(slos, fitting);
  // Finds what is wrong with the plan (a trace, a load without bounds) before anything is started.
  const planned = planInput(fitting, selected, await traceOf(fitting.load));
  const remote = await remoteInput(world, flags);
  checkUnloaded(remote?.input, fitting, selected);
  const shard = shardInput(flags, world.clock.wallMs());
  checkShard(shard, fitting, planned);
  const workers =
    remote?.workers ??
    workerCount(flags.workers, { ...planned, ...ownStreams({ planned, shard }) }, availableParallelism());
  const traceRatio = traceRatioOf(flags);
  return {
    ...{ seed, scenario: fitting, dataset: selected, slos, planned, workers, until, traceRatio },
    ...defined({ remote: remote?.input, shard }),
  };
}

/** The part of the plan that this machine carries. */
export function partOf({ shard }: { shard?: ShardInput | undefined }): Shard {
  return shard?.part ?? WHOLE;
}

/** Streams that this machine has open at its busiest, if all goes well, in the words of the plan. */
export function ownStreams({
  planned,
  shard,
}: Pick<RunInput, "planned"> & { shard?: ShardInput | undefined }):
  { streams: number } | { expectedOpen: number } {
  const { of } = partOf({ shard });
  return "streams" in planned
    ? { streams: planned.streams / of }
    : { expectedOpen: planned.expectedOpen / of };
}

/** @throws BenchError (exit 2) for a scenario that can't be made in parts, or not in so many */
function checkShard(
  shard: ShardInput | undefined,
  { name, scoring }: RunnableScenario,
  planned: RunInput["planned"],
): void {
  if (shard === undefined) return;
  const { of } = shard.part;
  if ("streams" in planned && planned.streams < of)
    throw BenchError.usage(
      `--shard: ${of} shards and ${planned.streams} callers: some shards would have nothing to do`,
      `Use ${planned.streams} shards at the most.`,
    );
  if (scoring.parity === "measure")
    throw BenchError.usage(
      `--shard: scenario ${name} asks for answers without load, and every shard would ask for them at once`,
      "Make them once, with `bench run` and one stream, and write `scoring: { parity: { run: FOLDER } }`.",
    );
}

/** @throws BenchError (exit 2) when workers would have given up before the answers without load are there */
function checkUnloaded(
  remote: RemoteInput | undefined,
  scenario: RunnableScenario,
  dataset: OpenDataset,
): void {
  if (remote === undefined || scenario.scoring.parity !== "measure" || isUnpaced(scenario.load)) return;
  const needMs = unloadedMs(scenario, dataset);
  if (needMs < remote.joinMs) return;
  const needMinutes = Math.ceil(needMs / 60_000) + 1;
  throw BenchError.usage(
    `--join-timeout: the answers without load (scoring.parity) take ${formatDuration(Math.ceil(needMs / 1000) * 1000)}, and workers wait for the run ${formatDuration(remote.joinMs)}`,
    `Give --join-timeout ${needMinutes}m to the run and its workers, or the answers of a stored run: scoring: { parity: { run: FOLDER } }.`,
  );
}

async function remoteInput(
  world: World,
  flags: RunFlags,
): Promise<{ workers: number; input: RemoteInput } | undefined> {
  const { nats, run, expectWorkers, joinTimeout } = flags;
  if (nats === undefined) {
    const lone = Object.entries({ run, "expect-workers": expectWorkers }).find(
      ([, value]) => value !== undefined,
    );
    if (lone !== undefined)
      throw BenchError.usage(`--${lone[0]} applies only with --nats`, "Give --nats URL as well.");
    return undefined;
  }
  if (flags.workers !== "auto")
    throw BenchError.usage(
      `--workers ${flags.workers}: with --nats the workers are on other machines`,
      "Give their number as --expect-workers.",
    );
  if (expectWorkers === undefined)
    throw BenchError.usage("--nats: how many workers are there?", "Give --expect-workers N.");
  if (!Number.isInteger(expectWorkers) || expectWorkers < 1 || expectWorkers > MOST_WORKERS)
    throw BenchError.usage(
      `--expect-workers ${expectWorkers}: must be a whole number from 1 to ${MOST_WORKERS}`,
    );
  const input: RemoteInput = {
    broker: await readBrokerOptions({ ...flags, nats }, world),
    runId: run === undefined ? undefined : checkedRunId(run),
    joinMs: joinLimitMs(joinTimeout),
  };
  return { workers: expectWorkers, input };
}

/** @throws BenchError (exit 2) for what can't be the name of a run */
export function checkedRunId(run: string): string {
  if (isRunId(run)) return run;
  throw BenchError.usage(
    `--run ${run}: not the name of a run`,
    "Letters, digits, dots, dashes and underscores, the first a letter or a digit.",
  );
}

/** `--join-timeout`: how long the two sides of a run over NATS wait for each other, milliseconds. */
export function joinLimitMs(joinTimeout = "2m"): number {
  return durationFlag("--join-timeout", joinTimeout, { minMs: 1000 });
}

/** @throws BenchError (exit 2) for an SLO on parity that nothing will be measured for */
function checkParity(
  slos: readonly Slo[],
  { name, scoring }: Pick<RunnableScenario, "name" | "scoring">,
): void {
  const asked = slos.find(({ metric }) => metric === "transcript_parity");
  if (asked === undefined || scoring.parity !== "off") return;
  throw BenchError.usage(
    `SLO "${asked.source}": scenario ${name} does not ask for unloaded answers, so parity is not measured`,
    "Write `scoring: { parity: measure }` (or the folder of a stored run: `parity: { run: FOLDER }`) into the scenario.",
  );
}

const DEFAULT_TRACE_RATIO = 0.01;

function traceRatioOf({ otlp, otlpSample = DEFAULT_TRACE_RATIO }: RunFlags): number | undefined {
  if (otlp === undefined) return undefined;
  if (!(otlpSample >= 0 && otlpSample <= 1))
    throw BenchError.usage(`--otlp-sample ${otlpSample}: must be a share from 0 to 1`);
  return otlpSample;
}

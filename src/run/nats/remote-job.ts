/** The job of a run as it goes to other machines, and what a worker makes of it there. */
import { MOST_WORKERS } from "../../metrics/result/remote-workers.ts";
import { availableParallelism, hostname } from "node:os";
import { basename, join } from "node:path";
import { defined } from "../../base/defined.ts";
import { BenchError, messageOf } from "../../base/errors.ts";
import { makePrivateFolders, writePrivate } from "../../base/files/private-files.ts";
import { readText } from "../../base/files/text-file.ts";
import { packageVersion } from "../../base/process/machine.ts";
import type { World } from "../../base/process/world.ts";
import { isRecord } from "../../base/record.ts";
import { hostAndPort } from "../../client/endpoint.ts";
import { isLoopback } from "../../client/proxy.ts";
import type { Share } from "../../loadgen/plan/share.ts";
import { isWeight, shareOfWhole, sharesByWeight, splitShare } from "../../loadgen/plan/share.ts";
import type { WorkerJob } from "../../loadgen/workers/protocol.ts";
import { workerCount } from "../../loadgen/workers/worker-count.ts";
import { isUnpaced } from "../../scenario/load/load.ts";
import type { RunnableScenario } from "../../scenario/scenario.ts";
import { formatScenario, parseScenario } from "../../scenario/scenario.ts";
import { findRoute, routeSeams } from "../../scenario/target/find-route.ts";
import type { ResolvedTarget } from "../../scenario/target/target.ts";
import { resolveTarget } from "../../scenario/target/target.ts";
import { secretsOf } from "../../scenario/target/target-secrets.ts";
import { recordFiles } from "../../store/run-folder.ts";
import { workerTarget } from "../worker-target.ts";
import type { RemoteJob, SeriesJob } from "./messages.ts";
import { ENVELOPE_BYTES, FORMAT } from "./messages.ts";
import type { RunBus } from "./run-bus.ts";

/** This program as workers and coordinator compare it. */
export function toolOf(root: string): string {
  return `riva-bench ${packageVersion(root)}`;
}

/** @param scenario with the target's defaults, its transport chosen */
export async function remoteJob(
  scenario: RunnableScenario,
  rest: Omit<RemoteJob, "format" | "scenario" | "trace">,
): Promise<RemoteJob> {
  const { load, audio } = scenario;
  const file = "file" in load ? load.file : undefined;
  const trace = file === undefined ? undefined : { name: basename(file), text: await readText(file) };
  return {
    format: FORMAT,
    ...rest,
    scenario: formatScenario({
      ...scenario,
      ...(trace === undefined ? {} : { load: { ...load, file: trace.name } as typeof load }),
      audio: { ...audio, dataset: rest.dataset.name },
    }),
    ...defined({ trace }),
  };
}

/**
 * Puts a run, or a series of runs, on the broker under its name.
 * @throws BenchError (exit 2) when something of this name is there, or the job is too large; (exit 1) when the broker does not take it
 */
export async function announce(bus: RunBus, job: RemoteJob | SeriesJob): Promise<void> {
  const text = JSON.stringify(job);
  const bytes = Buffer.byteLength(text) + ENVELOPE_BYTES;
  if (bytes > bus.mostBytes())
    throw BenchError.usage(
      `the run's job has ${bytes} bytes, with its trace and the answers without load, and the broker takes ${bus.mostBytes()} in a message`,
      "Give the NATS server a larger max_payload, or the run a shorter trace.",
    );
  let isNew: boolean;
  try {
    await bus.makePlaces();
    isNew = await bus.create("job", text);
  } catch (error) {
    throw new BenchError(`the broker does not take the run: ${messageOf(error)}`, {
      hint: "Its JetStream may be full or out of reach for these credentials: `nats stream report` shows what it holds.",
      cause: error,
    });
  }
  if (!isNew)
    throw BenchError.usage(
      `a run ${job.runId} is on the broker already`,
      "Take another --run. What a killed run left there is gone after three days.",
    );
}

/**
 * Reads the job of a run, or of a series of runs.
 * @throws BenchError (exit 1) when it is that of another version of the program, or was not written by it
 */
export function readRemoteJob(text: string, root: string): RemoteJob | SeriesJob {
  const job = readJson(text);
  const theirs = isRecord(job) ? job["tool"] : undefined;
  const ours = toolOf(root);
  if (!isRecord(job) || theirs !== ours || job["format"] !== FORMAT) {
    throw new BenchError(`this is ${ours}, and the run is of ${String(theirs)}`, {
      hint: "Install the same version on all machines.",
    });
  }
  if (job["isSeries"] === true) return job as unknown as SeriesJob;
  if (!isJob(job as unknown as RemoteJob)) throw notOurs();
  return job as unknown as RemoteJob;
}

/** @throws BenchError (exit 1) for what is no JSON */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notOurs();
  }
}

/** Something on the broker is not what this program writes. */
export function notOurs(): BenchError {
  return new BenchError("the job on the broker is not one that `bench run` has written", {
    hint: "Somebody else writes to this broker: give it credentials of its own.",
  });
}

const PLAIN_NAME = /^(?!\.{1,2}$)[^/\\\0]+$/;

/**
 * Whether a job is what it should be, wherever a worker uses it for a path, an address or a size: whoever may write to the broker may have
 * written it. An address has no `$`, which would be expanded by this machine's environment.
 */
function isJob(job: RemoteJob): boolean {
  const { dataset, trace, workers, incarnation, target, metadata, host, runId, seed, scenario } = job;
  const isText = (value: unknown, form = /^/): boolean => typeof value === "string" && form.test(value);
  return (
    isRecord(dataset) &&
    isText(dataset.sha256, /^[0-9a-f]{64}$/) &&
    isText(dataset.manifest, PLAIN_NAME) &&
    isText(dataset.name) &&
    (trace === undefined || (isRecord(trace) && isText(trace.name, PLAIN_NAME) && isText(trace.text))) &&
    isText(incarnation, /^[0-9a-f]{16}$/) &&
    Number.isInteger(workers) &&
    workers >= 1 &&
    workers <= MOST_WORKERS &&
    Number.isFinite(job.streams) &&
    job.streams > 0 &&
    isText(target, /^(?:grpc|ws)s?:\/\/[^$]+$/) &&
    Array.isArray(metadata) &&
    metadata.every((name) => isText(name)) &&
    isText(host) &&
    isText(runId) &&
    Number.isSafeInteger(seed) &&
    isText(scenario)
  );
}

/** Needs of a worker on this machine besides the run's job. */
export interface WorkerSetup {
  /** From 0. */
  index: number;
  /** Path of the run's dataset, for `openDataset`. */
  datasetPath: string;
  /** Targets that this worker may speak to, one of them the run's; none = the run's address, which then is sent no credentials. */
  targets: readonly string[];
  /** Where records and the trace are written. */
  folder: string;
}

/** The job of a worker, its share not yet dealt. */
export type LocalJob = Omit<WorkerJob, "share" | "processes" | "writesClips">;

/**
 * What a worker needs on this machine.
 * @throws BenchError (exit 2) when the target of this worker is another than the run's, (exit 7) when it can't be reached
 */
export async function localJob(
  job: RemoteJob,
  { index, datasetPath, targets, folder }: WorkerSetup,
  world: World,
): Promise<LocalJob> {
  const named = await Promise.all(targets.map((flag) => resolveTarget({ ...world, flag })));
  if (named.filter(({ uri }) => uri === job.target).length > 1)
    throw BenchError.usage(
      `several of this worker's targets have the address ${job.target}: it can't tell which of them the run means`,
      "Name the one that the run has.",
    );
  const target =
    named.find(({ uri }) => uri === job.target) ??
    named[0] ??
    (await resolveTarget({ ...world, flag: job.target }));
  checkTarget(target, job, targets.length > 0);
  const { route } = await findRoute(target, job.resolve, routeSeams(world.clock));
  // A folder of its own: the trace may have any name, that of a file of records too.
  const inputs = join(folder, "inputs");
  makePrivateFolders(inputs);
  if (job.trace !== undefined) writePrivate(join(inputs, job.trace.name), job.trace.text);
  const scenario = parseScenario(job.scenario, join(inputs, "scenario.yaml"));
  // Any other would be a file of this machine's.
  if ("file" in scenario.load && scenario.load.file !== join(inputs, job.trace?.name ?? "")) throw notOurs();
  const { drainMs } = scenario;
  if (drainMs === "auto") throw new Error("a run has settled its drain");
  const { runId, seed, traceRatio, unloaded } = job;
  return {
    ...{ runId, seed, datasetPath },
    scenario: { ...scenario, drainMs },
    target: workerTarget(scenario.transport, { ...target, route }),
    worker: index + 1,
    ...defined({ traceRatio, unloaded }),
    ...recordFiles(folder),
  };
}

/** The weights of all workers, by their places. @throws BenchError (exit 1) for what no coordinator deals by */
export function readWeights(weights: unknown, { workers }: Pick<RemoteJob, "workers">): readonly number[] {
  if (!Array.isArray(weights) || weights.length !== workers || !weights.every(isWeight)) throw notOurs();
  return weights;
}

/** The share of the worker at a place. @param index from 0 */
export function shareOfWorker(
  { workers }: Pick<RemoteJob, "workers">,
  index: number,
  weights: readonly number[],
): Share {
  const share = sharesByWeight(weights)[index];
  if (share === undefined) throw new Error(`there is no place ${index} among ${workers}`);
  return share;
}

/**
 * The jobs of the processes that carry a worker's share on this machine.
 * @param weights of all workers, by their places
 * @param wanted how many processes: a number, or "auto", which is as many as a run on this machine would have
 * @throws BenchError (exit 2) for any other number
 */
export function jobsByWeight(
  job: Pick<RemoteJob, "streams" | "workers">,
  local: LocalJob,
  weights: readonly number[],
  wanted: string,
): WorkerJob[] {
  const share = shareOfWorker(job, local.worker - 1, weights);
  const { load, audio } = local.scenario;
  const own = {
    streams: job.streams * shareOfWhole(share),
    chunkMs: audio.chunkMs,
    pace: isUnpaced(load) ? Infinity : audio.pace,
  };
  const processes = workerCount(wanted, own, availableParallelism());
  return splitShare(share, processes).map((part, index) => ({
    ...{ ...local, processes, share: part },
    writesClips: local.worker === 1 && index === 0,
  }));
}

/** @throws BenchError (exit 2) when this worker would speak to another server than the run does, or give its credentials away */
function checkTarget(target: ResolvedTarget, job: RemoteJob, isNamed: boolean): void {
  if (target.uri !== job.target)
    throw BenchError.usage(
      `the target of this worker is ${target.uri}, the run's is ${job.target}`,
      "Leave --target out, or name a target file with the run's address.",
    );
  // Whoever may write to the broker names the address.
  const credentials = [
    ...(secretsOf(target).length === 0 ? [] : Object.keys(target.metadata)),
    ...(target.tls?.clientKey === undefined ? [] : ["a client certificate"]),
  ];
  if (!isNamed && credentials.length > 0)
    throw BenchError.usage(
      `this machine's environment holds credentials (${credentials.join(", ")}), and the broker alone says where they would go: ${job.target}`,
      "If that is the right server, say so: --target with this address, or a target file.",
    );
  if (!isNamed && isLoopback(hostAndPort(target.address)?.host ?? "") && job.host !== hostname())
    throw BenchError.usage(
      `the run's target ${job.target} is on ${job.host} itself, and this worker is on ${hostname()}`,
      "Start the run with an address that all workers reach. If each worker has a server of its own there, say so with --target.",
    );
  const own = new Set(Object.keys(target.metadata).map((name) => name.toLowerCase()));
  const missing = job.metadata.filter((name) => !own.has(name.toLowerCase()));
  if (missing.length > 0)
    throw BenchError.usage(
      `each call of the run carries the metadata ${missing.join(", ")}, and those of this worker would not`,
      "Give it the same target file with --target, and the credentials in its environment.",
    );
}

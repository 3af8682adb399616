/** The job of a run as it goes to other machines, and what a worker makes of it there. */
import { basename, join } from "node:path";
import { defined } from "../../base/defined.ts";
import { BenchError } from "../../base/errors.ts";
import { writePrivate } from "../../base/files/private-files.ts";
import { readText } from "../../base/files/text-file.ts";
import { packageVersion } from "../../base/process/machine.ts";
import type { World } from "../../base/process/world.ts";
import { isRecord } from "../../base/record.ts";
import type { WorkerJob } from "../../loadgen/workers/protocol.ts";
import type { RunnableScenario } from "../../scenario/scenario.ts";
import { formatScenario, parseScenario } from "../../scenario/scenario.ts";
import { findRoute, routeSeams } from "../../scenario/target/find-route.ts";
import { resolveTarget } from "../../scenario/target/target.ts";
import { recordFiles } from "../../store/run-folder.ts";
import { workerTarget } from "../worker-target.ts";
import type { RemoteJob } from "./messages.ts";
import { FORMAT } from "./messages.ts";

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
 * Reads the job of a run.
 * @throws BenchError (exit 1) when it is that of another version of the program
 */
export function readRemoteJob(text: string, root: string): RemoteJob {
  const job: unknown = JSON.parse(text);
  const theirs = isRecord(job) ? job["tool"] : undefined;
  const ours = toolOf(root);
  if (!isRecord(job) || theirs !== ours || job["format"] !== FORMAT) {
    throw new BenchError(`this is ${ours}, and the run is of ${String(theirs)}`, {
      hint: "Install the same version on all machines.",
    });
  }
  if (!isJob(job as unknown as RemoteJob))
    throw new BenchError("the job on the broker is not one that `bench run` has written", {
      hint: "Somebody else writes to this broker: give it credentials of its own.",
    });
  return job as unknown as RemoteJob;
}

const MOST_WORKERS = 1000;
const PLAIN_NAME = /^(?!\.{1,2}$)[^/\\\0]+$/;

/**
 * Whether a job is what it should be, wherever a worker uses it for a path, an address or a size: whoever may write to the broker may have
 * written it. An address has no `$`, which would be expanded by this machine's environment.
 */
function isJob({ dataset, trace, workers, incarnation, target, runId, seed, scenario }: RemoteJob): boolean {
  const isPlain = (name: unknown): boolean => typeof name === "string" && PLAIN_NAME.test(name);
  return (
    isRecord(dataset) &&
    /^[0-9a-f]{64}$/.test(String(dataset.sha256)) &&
    isPlain(dataset.manifest) &&
    typeof dataset.name === "string" &&
    (trace === undefined || (isRecord(trace) && isPlain(trace.name) && typeof trace.text === "string")) &&
    /^[0-9a-f]{16}$/.test(String(incarnation)) &&
    Number.isInteger(workers) &&
    workers >= 1 &&
    workers <= MOST_WORKERS &&
    typeof target === "string" &&
    /^(?:grpc|ws)s?:\/\/[^$]+$/.test(target) &&
    typeof runId === "string" &&
    Number.isSafeInteger(seed) &&
    typeof scenario === "string"
  );
}

/** What a worker on this machine needs besides the run's job. */
export interface WorkerSetup {
  /** From 0. */
  index: number;
  /** Of the run's dataset, for `openDataset`. */
  datasetPath: string;
  /** `--target` of the worker; undefined = the run's address, with the credentials of this machine's environment. */
  target: string | undefined;
  /** Where records and the trace are written. */
  folder: string;
}

/**
 * The job for the worker process of this machine.
 * @throws BenchError (exit 2) when the target of this worker is another than the run's, (exit 7) when it can't be reached
 */
export async function localJob(
  job: RemoteJob,
  { index, datasetPath, target: flag = job.target, folder }: WorkerSetup,
  world: World,
): Promise<WorkerJob> {
  const target = await resolveTarget({ flag, env: world.env, cwd: world.cwd, root: world.root });
  if (target.uri !== job.target)
    throw BenchError.usage(
      `the target of this worker is ${target.uri}, the run's is ${job.target}`,
      "Leave --target out, or name a target file with the run's address.",
    );
  const { route } = await findRoute(target, job.resolve, routeSeams(world.clock));
  if (job.trace !== undefined) writePrivate(join(folder, job.trace.name), job.trace.text);
  const scenario = parseScenario(job.scenario, join(folder, "scenario.yaml"));
  const { drainMs } = scenario;
  if (drainMs === "auto") throw new Error("a run has settled its drain");
  const { runId, seed, workers, traceRatio, unloaded } = job;
  return {
    ...{ runId, seed, datasetPath },
    scenario: { ...scenario, drainMs },
    target: workerTarget(scenario.transport, { ...target, route }),
    shard: { index, of: workers },
    ...defined({ traceRatio, unloaded }),
    ...recordFiles(folder),
  };
}

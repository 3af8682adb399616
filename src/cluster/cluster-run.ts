/** A run in a cluster: the chart installed, the run followed, its folder fetched, the release removed. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { defined } from "../base/defined.ts";
import { BenchError, EXIT, messageOf } from "../base/errors.ts";
import type { ExitCode } from "../base/errors.ts";
import type { World } from "../base/process/world.ts";
import { parseRunResult } from "../metrics/result/read-result.ts";
import type { RunResult } from "../metrics/result/result.ts";
import { openStoredRun } from "../store/stored-run.ts";
import { fetchByHand, fetchRun, releasePod } from "./fetch-run.ts";
import type { InstallRequest } from "./install.ts";
import { inNamespace, install } from "./install.ts";
import { listenForInterrupts } from "./interrupts.ts";
import type { Interrupts } from "./interrupts.ts";
import { releaseOf, selectorOf } from "./release.ts";
import { firstLine, toolError } from "./tool-error.ts";
import type { ClusterPlace, Tools } from "./tools.ts";
import { createTools } from "./tools.ts";
import type { EndedRun } from "./watch-run.ts";
import { LostRun, watchRun } from "./watch-run.ts";

export interface ClusterRequest extends InstallRequest {
  runId: string;
  /** The run folder; undefined = `results/<run id>`. */
  out?: string | undefined;
  /** Leaves the release in the cluster. */
  keep: boolean;
  /** How long the coordinator may take to begin, milliseconds. */
  startMs: number;
  /** Between two looks at the pods, milliseconds. */
  pollMs: number;
  /** A line about the release and its pods. */
  tell(line: string): void;
  /** A line of the coordinator's log. */
  tellLog(line: string): void;
}

/** The end of a run in a cluster. */
export interface ClusterRun {
  /** That of the coordinator, where it is one of `bench run`. */
  exitCode: ExitCode;
  /** Undefined for a run that never began. */
  result?: RunResult;
  /** Path of the run folder on this machine. */
  folder?: string;
  /** Sentences that say what the result lacks. */
  missing: readonly string[];
  /** Sentences about other faults. */
  problem?: BenchError;
}

/**
 * Makes a run in the cluster that kubectl knows. The release that it installed is removed in any case, but for `keep`, a result that
 * could not be fetched, and a run that goes on unseen.
 * @throws BenchError: kubectl or helm missing, no cluster or permission, pods that can't run (exit 1); bad values, a folder or a name
 * that is taken (2); interrupted before there was a result (130)
 */
export async function runInCluster(world: World, request: ClusterRequest): Promise<ClusterRun> {
  const { runId, keep, startMs, pollMs, tell, tellLog } = request;
  const folder = freeFolder(world, request);
  const tools = createTools(world, request);
  await checkPermissions(tools);
  const release = releaseOf(runId);
  const interrupts = listenForInterrupts(world);
  try {
    const failure = await install(world, tools, release, request);
    let isOver = false;
    let isToStay = keep;
    try {
      if (failure !== undefined) throw failure;
      tell(`run ${runId}: release ${release} is installed`);
      const { clock } = world;
      const byHand = (pod: string): string => fetchByHand(request, pod);
      const end = await watchRun({
        tools,
        clock,
        interrupts,
        release,
        startMs,
        pollMs,
        byHand,
        tell,
        tellLog,
      });
      const run = await conclude(tools, end, folder, interrupts, { ...request, cwd: world.cwd });
      isOver = run.problem === undefined;
      // By hand, for a while.
      isToStay ||= run.canBeFetched;
      return run;
    } catch (error) {
      isToStay ||= error instanceof LostRun;
      throw error;
    } finally {
      if (isToStay)
        tell(`the release stays; remove it with: helm uninstall ${release}${inNamespace(request)}`);
      else await remove(tools, release, isOver, request);
    }
  } finally {
    interrupts.forget();
  }
}

/** @throws BenchError (exit 2) when the folder is taken */
function freeFolder({ cwd }: Pick<World, "cwd">, { out, runId }: ClusterRequest): string {
  const folder = out === undefined ? join(cwd, "results", runId) : resolve(cwd, out);
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0))
    throw BenchError.usage(
      `${folder} is not empty`,
      "Give another folder with --out; nothing is overwritten.",
    );
  return folder;
}

/** Checks the permissions that would be missed when the run is over. @throws BenchError (exit 1) when it is not allowed, or nobody answers */
async function checkPermissions(tools: Tools): Promise<void> {
  for (const [verb, resource, why] of [
    ["create", "jobs.batch", "to make the run's Jobs"],
    ["get", "pods/log", "to follow the run"],
    ["create", "pods/exec", "to fetch its result"],
  ] as const) {
    const done = await tools.kubectl(["auth", "can-i", verb, resource]);
    const answer = done.stdout.trim();
    if (answer === "yes") continue;
    // It may give a reason: "no - no RBAC policy matched".
    if (!/^no\b/.test(answer)) throw toolError("the cluster can't be asked", done);
    throw new BenchError(`no permission to ${verb} ${resource}, which is needed ${why}`, {
      hint: "Ask for it, or use another --namespace or --context: kubectl auth can-i --list",
    });
  }
}

const KNOWN_CODES: ReadonlySet<number> = new Set([0, 1, 2, 3, 5, 6, 7, 130]);

/** With these the coordinator mostly leaves no folder: what kept it from beginning is in its log. */
const NEVER_BEGAN: ReadonlySet<number> = new Set([EXIT.usage, EXIT.targetUnusable]);

async function conclude(
  tools: Tools,
  end: EndedRun,
  folder: string,
  interrupts: Interrupts,
  place: ClusterPlace & Pick<World, "cwd"> & Pick<ClusterRequest, "runId">,
): Promise<ClusterRun & { canBeFetched: boolean }> {
  const isKnown = end.hasBegun && end.exitCode !== undefined && KNOWN_CODES.has(end.exitCode);
  const exitCode = isKnown ? (end.exitCode as ExitCode) : EXIT.ourError;
  const killed = isKnown ? undefined : killedError(end);
  const fetched = await fetchUnlessInterrupted(tools, end, folder, interrupts);
  if (typeof fetched === "string") await releasePod(tools, end.pod);
  if (fetched === "fetched") {
    const opened = await openStoredRun(folder, place.cwd).catch((error: unknown) => {
      if (NEVER_BEGAN.has(exitCode)) return messageOf(error);
      throw error;
    });
    if (typeof opened === "string") return withoutFolder(exitCode, killed, opened);
    const { result, missing } = opened;
    if (!isOfRun(result, place.runId, end)) {
      rmSync(folder, { recursive: true });
      const { id, startedAt } = result.run;
      return withoutFolder(
        exitCode,
        killed,
        `the run folder in the cluster is that of an older run ${id}: it was begun ${startedAt}`,
      );
    }
    return { ...{ exitCode, result, folder, missing, canBeFetched: false }, ...defined({ problem: killed }) };
  }
  if (fetched === "never began") return withoutFolder(exitCode, killed, "the run left no folder");
  if (!end.hasBegun) return { exitCode, missing: [], canBeFetched: false, ...defined({ problem: killed }) };
  if (NEVER_BEGAN.has(exitCode))
    return withoutFolder(exitCode, killed, `no run folder could be fetched: ${fetched.why}`);
  const problem = new BenchError(`the run folder can't be fetched: ${fetched.why}`, {
    hint: end.isHolding
      ? `While the pod is there: ${fetchByHand(place, end.pod)}`
      : "With results.existingClaim in --values it outlives the pod.",
  });
  const result = end.result === undefined ? undefined : parseRunResult(end.result, "the coordinator's log");
  return { exitCode, missing: [], problem, canBeFetched: end.isHolding, ...defined({ result }) };
}

/** A claim may hold the folder of an older run of that name. Both times are of the cluster. */
function isOfRun({ run }: RunResult, runId: string, { made = "" }: EndedRun): boolean {
  return run.id === runId && !(Date.parse(run.startedAt) < Date.parse(made));
}

/** A run without a folder: what its coordinator said stands, but for a run that passed. */
function withoutFolder(
  exitCode: ExitCode,
  killed: BenchError | undefined,
  why: string,
): ClusterRun & { canBeFetched: boolean } {
  const isOurs = exitCode === EXIT.passed;
  const problem = killed ?? (isOurs ? new BenchError(`there is no result: ${why}`) : undefined);
  return {
    ...{ exitCode: isOurs ? EXIT.ourError : exitCode, missing: [why], canBeFetched: false },
    ...defined({ problem }),
  };
}

function killedError({ exitCode, reason, hasBegun, pod }: EndedRun): BenchError {
  const code = exitCode === undefined ? "" : `exit code ${exitCode}`;
  const why = [code, reason].filter((part) => part !== "").join(", ");
  if (!hasBegun)
    return new BenchError(`the coordinator's pod failed before the run began (${why})`, {
      hint: `Look at kubectl describe pod ${pod}, and at kubectl logs ${pod} -c wait: is the broker reachable?`,
    });
  return new BenchError(`the coordinator was killed (${why})`, {
    hint: reason.includes("OOM")
      ? "Give it more memory: run.resources.limits.memory in --values."
      : "Its node may have been drained or lost: kubectl get events shows it.",
  });
}

/** @throws BenchError (exit 130) when the user does not want to wait for it */
async function fetchUnlessInterrupted(
  tools: Tools,
  { pod, isHolding }: EndedRun,
  folder: string,
  interrupts: Interrupts,
): ReturnType<typeof fetchRun> {
  if (!isHolding) return { why: "its pod has ended" };
  const twice = (async () => {
    while (interrupts.count() < 2) await interrupts.next();
    throw new BenchError("interrupted while the result was fetched", { exitCode: EXIT.interrupted });
  })();
  return Promise.race([fetchRun(tools, pod, folder), twice]);
}

/** @param isOver nothing runs any more; else pods are not given the time to end by themselves */
async function remove(
  tools: Tools,
  release: string,
  isOver: boolean,
  request: ClusterRequest,
): Promise<void> {
  const { tell } = request;
  const done = await tools.helm(["uninstall", release]);
  const kept = done.stdout.split("\n").filter((line) => line.startsWith("["));
  for (const line of kept) tell(`stays: ${line}`);
  if (done.code !== 0 && !/not found/.test(done.stderr))
    tell(
      `release ${release} can't be removed (${firstLine(done.stderr)}): helm uninstall ${release}${inNamespace(request)}`,
    );
  if (isOver) return;
  await tools.kubectl(["delete", "pods", selectorOf(release), "--grace-period=1", "--wait=false"]);
}

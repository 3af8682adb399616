/** Puts the chart of a run into the cluster. */
import { join } from "node:path";
import { BenchError } from "../base/errors.ts";
import type { World } from "../base/process/world.ts";
import { isRecord } from "../base/record.ts";
import type { ChartValues } from "./chart-values.ts";
import { toolError } from "./tool-error.ts";
import type { ClusterPlace, Tools } from "./tools.ts";

export interface InstallRequest extends ClusterPlace {
  /** Values that win over `valuesFile`. */
  values: ChartValues;
  valuesFile?: string | undefined;
}

/** Matches what helm says when the name, or something of that name, belongs to another release. */
const TAKEN = /cannot re-use a name|cannot be imported|already exists/;

/** The chart, as it comes with the package. */
export function chartFolder({ root }: Pick<World, "root">): string {
  return join(root, "deploy/chart/riva-bench");
}

/** Flags of helm for the values of a run; those of the command line come on standard input. */
export function valueFlags({ valuesFile }: Pick<InstallRequest, "valuesFile">): string[] {
  return [...(valuesFile === undefined ? [] : [`--values=${valuesFile}`]), "--values=-"];
}

/** For commands that are advised. */
export function inNamespace({ namespace }: ClusterPlace): string {
  return namespace === undefined ? "" : ` -n ${namespace}`;
}

/**
 * Installs the chart.
 * @returns why it could only be installed in part, where that is so: there is a release to remove either way
 * @throws BenchError (exit 2) for a name that is taken, of which nothing is touched, and for bad values; (exit 1) for all else
 */
export async function install(
  world: Pick<World, "root" | "clock">,
  tools: Tools,
  release: string,
  request: InstallRequest,
): Promise<BenchError | undefined> {
  const beganMs = world.clock.wallMs();
  const args = ["install", release, chartFolder(world), ...valueFlags(request)];
  const done = await tools.helm(args, JSON.stringify(request.values));
  if (done.code === 0) return undefined;
  if (TAKEN.test(done.stderr))
    throw BenchError.usage(
      `the name of release ${release} is taken: another run has it, or something was left of one`,
      `Give another --run, or remove what was left: helm uninstall ${release}${inNamespace(request)}`,
    );
  const error = toolError("the release can't be installed", done);
  if (await isMadeSince(tools, release, beganMs)) return error;
  throw error;
}

/** Whether helm has written a release of that name since then, by this machine's clock, which it writes itself. */
async function isMadeSince(tools: Tools, release: string, sinceMs: number): Promise<boolean> {
  const done = await tools.helm(["status", release, "--output=json"]);
  if (done.code !== 0) return false;
  const status: unknown = JSON.parse(done.stdout);
  const info: unknown = isRecord(status) ? status["info"] : undefined;
  const at = isRecord(info) ? info["first_deployed"] : undefined;
  return typeof at === "string" && Date.parse(at) >= sinceMs;
}

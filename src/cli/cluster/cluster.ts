/** `bench cluster`: runs whose workers are pods. */
import { resolve } from "node:path";
import { BenchError } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import { newRunId } from "../../base/run-id.ts";
import { chartValues } from "../../cluster/chart-values.ts";
import { DEFAULT_JOIN_MS, joinMsOf } from "../../cluster/values-file.ts";
import { checkedRunId, joinLimitMs } from "../../run/run-input.ts";
import { command } from "../command.ts";
import type { ClusterArgs } from "./cluster-options.ts";
import { clusterOptions } from "./cluster-options.ts";

export const clusterCommand = command(clusterOptions, cluster);

/** Flags that only `run` takes. */
const OF_RUN = ["out", "keep", "json", "quiet"] as const;

async function cluster(world: World, args: ClusterArgs): Promise<void> {
  const { action, run, scenario, joinTimeout, values } = args;
  const foreign = action === "run" ? undefined : OF_RUN.find((flag) => args[flag] !== undefined);
  if (foreign !== undefined) throw BenchError.usage(`bench cluster ${action} takes no --${foreign}`);
  const joinMs = joinTimeout === undefined ? undefined : joinLimitMs(joinTimeout);
  const valuesFile = values === undefined ? undefined : resolve(world.cwd, values);
  const ofFile = valuesFile === undefined ? undefined : await joinMsOf(valuesFile);
  const waitMs = joinMs ?? ofFile ?? DEFAULT_JOIN_MS;
  const name = scenario?.replace(/^.*[/\\]|\.ya?ml$/g, "") ?? "cluster";
  const runId = run === undefined ? newRunId(world.clock, name) : checkedRunId(run);
  const asked = { runId, valuesFile, values: await chartValues(world, { ...args, joinMs }, runId) };
  if (action === "run")
    await (await import("./run.ts")).runAction(world, { ...args, ...asked, joinMs: waitMs });
  else await (await import("./manifest.ts")).manifestAction(world, { ...args, ...asked });
}

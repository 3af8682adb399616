/** `bench cluster run`: shows the run, prints its result, exits by its verdict. */
import { BenchError, EXIT } from "../../base/errors.ts";
import { printable } from "../../base/text/printable.ts";
import type { World } from "../../base/process/world.ts";
import { mayColor } from "../../base/process/world.ts";
import type { ChartValues } from "../../cluster/chart-values.ts";
import { runInCluster } from "../../cluster/cluster-run.ts";
import { renderTable } from "../../report/text/table.ts";
import type { ClusterArgs } from "./cluster-options.ts";

const POLL_MS = 1000;
/** Lines of the coordinator's log that are shown with an error of its own when there is no progress. */
const LAST_LINES = 5;
const BY_ERROR: ReadonlySet<number> = new Set([EXIT.ourError, EXIT.usage, EXIT.targetUnusable]);

export interface RunActionRequest extends Pick<
  ClusterArgs,
  "out" | "keep" | "json" | "quiet" | "namespace" | "context"
> {
  runId: string;
  values: ChartValues;
  valuesFile: string | undefined;
  joinMs: number;
}

/** Makes the run. @throws BenchError for all that kept it from being made, followed or fetched */
export async function runAction(world: World, request: RunActionRequest): Promise<void> {
  const { json = false, quiet = false, keep = false, joinMs } = request;
  const write = (line: string): void => world.stderr.write(`${printable(line)}\n`);
  const last: string[] = [];
  const run = await runInCluster(world, {
    ...request,
    keep,
    // Pods wait for broker and emulator as long as for each other.
    startMs: 2 * joinMs,
    pollMs: POLL_MS,
    tell: write,
    tellLog(line) {
      if (!quiet) write(line);
      else if (last.push(line) > LAST_LINES) last.shift();
    },
  });
  const { result, folder, exitCode, missing, problem } = run;
  if (BY_ERROR.has(exitCode)) for (const line of last) write(line);
  for (const sentence of missing) write(`bench: ${sentence}`);
  if (result !== undefined) {
    const color = mayColor(world.stdout, world.env);
    world.stdout.write(
      json
        ? `${JSON.stringify(result)}\n`
        : renderTable(result, { color, ...(folder !== undefined && { folder }) }),
    );
  } else if (problem === undefined) {
    write(`the run ended with exit code ${exitCode} before anything was measured`);
  }
  if (problem !== undefined) throw new BenchError(problem.message, { hint: problem.hint });
  world.setExitCode(exitCode);
}

/** `bench run`: a scenario against a target, from plan to verdict. */
import { BenchError } from "../../base/errors.ts";
import { formatDuration } from "../../base/duration.ts";
import { printable } from "../../base/text/printable.ts";
import { renderTable } from "../../report/text/table.ts";
import type { Exporters } from "../../watch/exporters.ts";
import { checkExportFlags, openExporters } from "../../watch/exporters.ts";
import { resultLine } from "../../watch/live/json-lines.ts";
import { labelOf } from "../../run/open-target.ts";
import { runListeners } from "../../run/run-listeners.ts";
import type { FinishedRun } from "../../run/run-once.ts";
import type { PreparedRun } from "../../run/run-scenario.ts";
import { runScenario } from "../../run/run-scenario.ts";
import { exitCode } from "../../metrics/result/exit-code.ts";
import type { RunArguments } from "../run-options.ts";
import { forecastLines } from "../../run/run-watch.ts";
import type { World } from "../../base/process/world.ts";
import { mayColor } from "../../base/process/world.ts";

export async function run(world: World, args: RunArguments): Promise<void> {
  if (args.json && args.jsonLines) throw BenchError.usage("--json and --json-lines: take one of them");
  checkExportFlags(args);
  let exporters: Exporters | undefined;
  try {
    const finished = await runScenario(
      {
        ...args,
        async watch(run) {
          const opened = await openExporters(world, args, run.input);
          exporters = opened;
          return (runId) => {
            if (!args.quiet && !args.jsonLines) announce(world, run, runId);
            return [...runListeners(world, args, run.input), ...opened.listeners];
          };
        },
      },
      world,
    );
    print(world, args, finished);
    await exporters?.linger();
  } finally {
    await exporters?.close();
  }
}

function announce(world: World, { input, target }: PreparedRun, runId: string): void {
  const many = input.workers === 1 ? "" : `, ${input.workers} workers`;
  const title = printable(`${input.scenario.name} against ${labelOf(target)}`);
  world.stderr.write(`${title}\nrun ${runId}${many}\n`);
  if (input.remote !== undefined) {
    const { broker, joinMs } = input.remote;
    world.stderr.write(
      `waiting up to ${formatDuration(joinMs)} for ${input.workers} workers: bench worker --nats ${broker.shown} --run ${runId}\n`,
    );
  }
  if (input.shard !== undefined) {
    const { part, startAtEpochMs } = input.shard;
    const inS = Math.ceil((startAtEpochMs - world.clock.wallMs()) / 1000);
    world.stderr.write(
      `shard ${part.index + 1} of ${part.of} begins at ${new Date(startAtEpochMs).toISOString()}, in ${inS} s, by the clock of this machine: ` +
        "nothing measures how far the clocks of the machines are apart\n",
    );
  }
  const all = input.shard === undefined ? "" : "all shards together: ";
  world.stderr.write(forecastLines(input).replace(/^(?=.)/gm, all));
}

/** Prints the result and sets the exit code. @throws BenchError after printing, for what kept the run from going its way */
function print(world: World, args: RunArguments, { result, folder, problem }: FinishedRun): void {
  const color = mayColor(world.stdout, world.env);
  const text = args.jsonLines
    ? resultLine(result)
    : args.json
      ? `${JSON.stringify(result)}\n`
      : renderTable(result, { color, folder });
  world.stdout.write(text);
  if (problem !== undefined) throw new BenchError(problem.message, { hint: problem.hint });
  world.setExitCode(exitCode(result));
}

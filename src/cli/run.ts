/** `bench run`: a scenario against a target, from plan to verdict. */
import { BenchError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { renderTable } from "../report/table.ts";
import type { Exporters } from "./exporters.ts";
import { checkExportFlags, openExporters } from "./exporters.ts";
import { exitCode } from "./exit-code.ts";
import type { OpenTarget } from "./open-target.ts";
import { resultLine } from "./json-lines.ts";
import { labelOf, openTarget } from "./open-target.ts";
import type { RunInput } from "./run-input.ts";
import { readInput } from "./run-input.ts";
import { runListeners } from "./run-listeners.ts";
import type { FinishedRun } from "./run-once.ts";
import { runOnce } from "./run-once.ts";
import type { RunArguments } from "./run-options.ts";
import { forecastLines } from "./run-watch.ts";
import type { World } from "./world.ts";

export async function run(world: World, args: RunArguments): Promise<void> {
  if (args.json && args.jsonLines) throw BenchError.usage("--json and --json-lines: take one of them");
  const input = await readInput(world, args);
  checkExportFlags(args);
  const open = await openTarget(world, args.target);
  try {
    const exporters = await openExporters(world, args, input);
    try {
      print(world, args, await watchedRun(world, args, { input, open, exporters }));
      await exporters.linger();
    } finally {
      await exporters.close();
    }
  } finally {
    await open.close();
  }
}

function watchedRun(
  world: World,
  args: RunArguments,
  { input, open, exporters }: { input: RunInput; open: OpenTarget; exporters: Exporters },
): Promise<FinishedRun> {
  return runOnce(world, {
    input,
    open,
    out: args.out,
    resolve: args.resolve,
    listeners(runId) {
      if (!args.quiet && !args.jsonLines) {
        const many = input.workers === 1 ? "" : `, ${input.workers} workers`;
        const title = printable(`${input.scenario.name} against ${labelOf(open.target)}`);
        world.stderr.write(`${title}\nrun ${runId}${many}\n`);
        world.stderr.write(forecastLines(input));
      }
      return [...runListeners(world, args, input), ...exporters.listeners];
    },
  });
}

/** Prints the result and sets the exit code. @throws BenchError after printing, for what kept the run from going its way */
function print(world: World, args: RunArguments, { result, folder, problem }: FinishedRun): void {
  const color = world.stdout.isTTY && world.env["NO_COLOR"] === undefined;
  const text = args.jsonLines
    ? resultLine(result)
    : args.json
      ? `${JSON.stringify(result)}\n`
      : renderTable(result, { color, folder });
  world.stdout.write(text);
  if (problem !== undefined) throw new BenchError(problem.message, { hint: problem.hint });
  world.setExitCode(exitCode(result));
}

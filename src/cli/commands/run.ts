/** `bench run`: a scenario against a target, from plan to verdict. */
import type { ExitCode } from "../../base/errors.ts";
import { BenchError, EXIT } from "../../base/errors.ts";
import type { RunResult } from "../../metrics/result/result.ts";
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
  world.stderr.write(forecastLines(input));
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

/** Exit code of a run; a degraded one has that of its SLOs. */
function exitCode(result: RunResult): ExitCode {
  if (result.run.interrupted) return EXIT.interrupted;
  switch (result.verdict) {
    case "pass":
      return EXIT.passed;
    case "fail":
      return EXIT.sloFailed;
    case "inconclusive":
      return EXIT.inconclusive;
    case "void":
      return EXIT.runVoid;
  }
}

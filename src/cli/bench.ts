/** The command line: picks the command, prints errors, sets the exit code. */
import type { Argv } from "yargs";
import yargs from "yargs";
import { BenchError, EXIT, messageOf, nearestName } from "../base/errors.ts";
import { calibrateCommand } from "./calibrate.ts";
import { capacityCommand } from "./capacity.ts";
import { checkCommand } from "./check.ts";
import { compareCommand } from "./compare.ts";
import { dashboardsCommand } from "./dashboards.ts";
import { emulatorCommand } from "./emulator.ts";
import { gatewayCommand } from "./gateway.ts";
import { gateCommand } from "./gate.ts";
import { historyCommand } from "./history.ts";
import { packageVersion } from "./machine.ts";
import { planCommand } from "./plan.ts";
import { reportCommand } from "./report.ts";
import { runCommand } from "./run.ts";
import { scenariosCommand } from "./scenarios.ts";
import { transcribeCommand } from "./transcribe.ts";
import { workerCommand } from "./worker.ts";
import type { World } from "./world.ts";

/** What a run starts by itself; nobody types it. */
const HIDDEN = "worker";

/** Runs the command line in `world`. Never throws: errors become a message and an exit code. */
export async function bench(world: World): Promise<void> {
  const commands = [
    runCommand(world),
    checkCommand(world),
    transcribeCommand(world),
    reportCommand(world),
    gateCommand(world),
    compareCommand(world),
    capacityCommand(world),
    planCommand(world),
    historyCommand(world),
    scenariosCommand(world),
    dashboardsCommand(world),
    calibrateCommand(world),
    emulatorCommand(world),
    gatewayCommand(world),
    workerCommand(),
  ];
  const names = commands
    .flatMap(({ command }) => command ?? [])
    .map((usage) => usage.split(" ")[0] ?? "")
    .filter((name) => /^[a-z]/.test(name) && name !== HIDDEN);
  let parser: Argv = yargs([...world.args])
    .scriptName("bench")
    .usage("Load tests and benchmarks for NVIDIA Riva / NIM streaming speech recognition.")
    .option("debug", { type: "boolean", default: false, describe: "Show stack traces", global: true })
    .version(packageVersion(world.root))
    .help()
    .strict()
    .recommendCommands()
    .wrap(Math.min(110, world.stdout.columns))
    .showHelpOnFail(false)
    .exitProcess(false)
    .fail((message, error) => {
      // yargs types both as given; exactly one is.
      throw (error as Error | undefined) ?? BenchError.usage(message, "See `bench --help`.");
    })
    .epilogue(
      "Exit codes: 0 passed, 1 our error, 2 bad input, 3 SLO failed, 4 worse than baseline, 5 run void, 6 inconclusive, 7 target can't be used, 130 interrupted.",
    );
  for (const command of commands) parser = parser.command(command);
  try {
    const first = world.args[0];
    if (first !== undefined && /^[a-z]/.test(first) && ![...names, HIDDEN].includes(first)) {
      const near = nearestName(first, names);
      throw BenchError.usage(
        `unknown command "${first}"`,
        near === undefined ? `Commands are ${names.join(", ")}.` : `Did you mean "bench ${near}"?`,
      );
    }
    await parser.parseAsync();
  } catch (error) {
    report(world, error);
  }
}

function report(world: World, error: unknown): void {
  const known = error instanceof BenchError ? error : undefined;
  const hint = known?.hint === undefined ? "" : `\n  ${known.hint}`;
  world.stderr.write(`bench: ${messageOf(error)}${hint}\n`);
  if (world.args.includes("--debug"))
    world.stderr.write(`${(error instanceof Error && error.stack) || ""}\n`);
  else if (known === undefined) world.stderr.write("  This is a bug in riva-bench; --debug shows where.\n");
  world.setExitCode(known?.exitCode ?? EXIT.ourError);
}

/** The command line: picks the command, prints errors, sets the exit code. */
import type { Argv, CommandModule } from "yargs";
import yargs from "yargs";
import { BenchError, EXIT, messageOf, nearestName } from "../base/errors.ts";
import { printable, printableLines } from "../base/text/printable.ts";
import { redactUrls } from "../base/text/redact.ts";
import { systemError } from "../base/system-error.ts";
import type { Command } from "./command.ts";
import { command } from "./command.ts";
import { builtFromCommit, packageVersion } from "../base/process/machine.ts";
import { beforeDashes, loneDash, withPlainOperands } from "./operands.ts";
import { runOptions } from "./run-options.ts";
import type { World } from "../base/process/world.ts";

interface Entry {
  /** As yargs reads it: name, then what goes without a flag; or several names. */
  command: string | string[];
  /** False hides it. */
  describe: string | false;
  load(world: World): Command | Promise<Command>;
}

/** Each is loaded when it is meant: `--help` and a worker's start do not wait for all the others. */
const COMMANDS: readonly Entry[] = [
  {
    command: ["run", "$0"],
    describe: "Run a scenario, print the table, write the run folder, exit by verdict (the default command)",
    // Flags of the default command are in `bench --help`: these must come without the rest.
    load: command(runOptions, async (world, args) => (await import("./commands/run.ts")).run(world, args)),
  },
  {
    command: "check",
    describe: "See whether a target can be used: name, port, TLS, health, models, one sentence",
    load: async (world) => (await import("./check/check.ts")).checkCommand(world),
  },
  {
    command: "transcribe <files..>",
    describe: "Transcribe WAV files, as a stream with live partials or whole",
    load: async (world) => (await import("./commands/transcribe.ts")).transcribeCommand(world),
  },
  {
    command: "report <runs..>",
    describe: "Report stored runs, also one that was killed before it could write its result",
    load: async (world) => (await import("./commands/report.ts")).reportCommand(world),
  },
  {
    command: "merge <runs..>",
    describe: "Put the shards of a run together that were made with `bench run --shard`; exit by verdict",
    load: async (world) => (await import("./merge/merge.ts")).mergeCommand(world),
  },
  {
    command: "sessions <runs..>",
    describe: "Print every metric of every session of stored runs, one JSON line a session",
    load: async (world) => (await import("./commands/sessions.ts")).sessionsCommand(world),
  },
  {
    command: "endpointing <run>",
    describe:
      "Where the wait for finals went in a stored run; estimate it for other settings of stop_history",
    load: async (world) => (await import("./commands/endpointing.ts")).endpointingCommand(world),
  },
  {
    command: "gate <runs..>",
    describe: "Judge stored runs: by other SLOs, against a baseline of earlier runs; exit by verdict",
    load: async (world) => (await import("./commands/gate.ts")).gateCommand(world),
  },
  {
    command: "compare <baseline> <candidate>",
    describe: "Compare two servers by interleaved pairs of runs, or two sets of stored runs",
    load: async (world) => (await import("./commands/compare.ts")).compareCommand(world),
  },
  {
    command: "capacity",
    describe: "The largest number of streams that still meets the SLOs, as an interval",
    load: async (world) => (await import("./commands/capacity.ts")).capacityCommand(world),
  },
  {
    command: "plan",
    describe: "Sessions and minutes that given gates need; the strongest gate that fits a time budget",
    load: async (world) => (await import("./commands/plan.ts")).planCommand(world),
  },
  {
    command: "history [runs..]",
    describe: "List earlier runs, follow a figure by release, pin a baseline",
    load: async (world) => (await import("./commands/history.ts")).historyCommand(world),
  },
  {
    command: "scenarios [name]",
    describe: "List the scenarios, or print one as a start for your own",
    load: async (world) => (await import("./commands/scenarios.ts")).scenariosCommand(world),
  },
  {
    command: "dataset <action> [source]",
    describe: "Import datasets (NeMo, Kaldi, LibriSpeech, Common Voice, CSV, folders), check and show them",
    load: async (world) => (await import("./dataset/dataset.ts")).datasetCommand(world),
  },
  {
    command: "dashboards",
    describe: "List the Grafana boards and alerting rules, or write them to a folder for import",
    load: async (world) => (await import("./commands/dashboards.ts")).dashboardsCommand(world),
  },
  {
    command: "init <kit>",
    describe: "Write deploy or CI files into a project: compose, chart, github-actions, gitlab",
    load: async (world) => (await import("./init/init.ts")).initCommand(world),
  },
  {
    command: "calibrate",
    describe: "Measure the harness's own error on this machine, against an emulator whose delays are known",
    load: async (world) => (await import("./commands/calibrate.ts")).calibrateCommand(world),
  },
  {
    command: "emulator",
    describe: "Run an emulated Riva server: no GPU, answers with the dataset's true words",
    load: async (world) => (await import("./commands/emulator.ts")).emulatorCommand(world),
  },
  {
    // What `bench emulator --engine` starts by itself.
    command: "recognizer",
    describe: false,
    load: async (world) => (await import("./commands/recognizer.ts")).recognizerCommand(world),
  },
  {
    command: "gateway",
    describe: "Run the WebSocket gateway: browser audio to Riva or a NIM, with a microphone page",
    load: async (world) => (await import("./gateway/gateway.ts")).gatewayCommand(world),
  },
  {
    command: "cluster <action>",
    describe: "Make a run whose workers are pods of a Kubernetes cluster; or print its manifest",
    load: async (world) => (await import("./cluster/cluster.ts")).clusterCommand(world),
  },
  {
    command: "rollout <action> [image]",
    describe: "Deploy a version of the server behind gates, watch it, return to the one before",
    load: async (world) => (await import("./rollout/rollout.ts")).rolloutCommand(world),
  },
  {
    command: "worker",
    describe: "Make load for a run on another machine, over NATS",
    load: async (world) => (await import("./commands/worker.ts")).workerCommand(world),
  },
];

function nameOf({ command }: Entry): string {
  return [command].flat()[0]?.split(" ")[0] ?? "";
}

/** @param flags takes the names of its flags when it is the one that is meant */
function lazy(world: World, { command, describe, load }: Entry, flags: string[]): CommandModule {
  return {
    command,
    describe,
    builder: async (yargs: Argv) => {
      const built = await (await load(world)).builder(yargs);
      flags.push(...Object.keys(flagTable(built).key));
      return strictValues(built, beforeDashes(world.args));
    },
    handler: async (args) => (await load(world)).handler(args),
  };
}

/** What yargs knows of the flags; its types leave it out. */
interface FlagTable {
  getOptions(): { key: Record<string, unknown>; string: string[]; number: string[]; array: string[] };
}

function flagTable(yargs: Argv): ReturnType<FlagTable["getOptions"]> {
  return (yargs as unknown as FlagTable).getOptions();
}

/**
 * A flag without its value, with an empty one (a variable that is not set, most often), with text for a number, or twice is
 * refused: yargs would take the default or a list, and the run would be another than was asked for.
 */
function strictValues(yargs: Argv, args: readonly string[]): Argv {
  const { string, number, array } = flagTable(yargs);
  return yargs.requiresArg([...string, ...number]).check((argv) => {
    // yargs would take these for values: false, or words for nobody.
    const negated = args.find((arg) => [...string, ...number].includes(/^--no-([^=]+)/.exec(arg)?.[1] ?? ""));
    if (negated !== undefined)
      throw BenchError.usage(`${negated}: this flag takes a value`, "Leave it out for the default.");
    for (const name of [...string, ...number]) {
      const value = argv[name];
      if (value === "" || (Array.isArray(value) && value.includes("")))
        throw BenchError.usage(`--${name} is empty`, "Give it a value, or leave it out for the default.");
      if (Array.isArray(value) && !array.includes(name))
        throw BenchError.usage(`--${name} is given ${value.length} times`, "Give it once.");
      if (typeof value === "number" && !Number.isFinite(value))
        throw BenchError.usage(`--${name} must be a number`);
    }
    return true;
  });
}

/** What yargs found wrong, with the nearest flag and the help of the command that was meant. */
function usageError(message: string, { args }: World, flags: readonly string[]): BenchError {
  const [first] = args;
  const without = /^Not enough arguments following: (.*)/.exec(message)?.[1];
  // An operand is parsed as the value of a flag that has its name; nobody typed that flag.
  const named = args.some((arg) => arg.startsWith("-") && arg.replace(/^-+/, "") === without);
  if (
    args.includes("-") &&
    ((without !== undefined && !named) || /^Unknown arguments?: -(?:,|$)/.test(message))
  )
    return loneDash();
  const command = COMMANDS.some((entry) => nameOf(entry) === first) ? `bench ${first}` : "bench";
  const unknown = /^Unknown arguments?: (\S+?),?(?:\s|$)/.exec(message)?.[1];
  const near = unknown === undefined ? undefined : nearestName(unknown, flags);
  return BenchError.usage(
    message.replace("Not enough arguments following: ", "No value after --"),
    near === undefined ? `See \`${command} --help\`.` : `Did you mean --${near}?`,
  );
}

/** The line that `bench --version` prints. */
function versionLine({ root }: World): string {
  const commit = builtFromCommit();
  return `${packageVersion(root)} (${commit === undefined ? "no commit" : `commit ${commit}`})`;
}

/** Runs the command line in `world`. Never throws: errors become a message and an exit code. */
export async function bench(world: World): Promise<void> {
  const flags: string[] = [];
  let parser: Argv = yargs()
    .scriptName("bench")
    .usage("Load tests and benchmarks for NVIDIA Riva / NIM streaming speech recognition.")
    .option("debug", { type: "boolean", default: false, describe: "Show stack traces", global: true })
    .version(versionLine(world))
    .help()
    .strict()
    .recommendCommands()
    .wrap(Math.min(110, world.stdout.columns))
    // Messages are matched in English, whatever LC_ALL says; a dot in a flag's name makes no object of it.
    .detectLocale(false)
    .parserConfiguration({ "dot-notation": false })
    .showHelpOnFail(false)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      // What a handler throws comes without a message; what the parser finds with one, and maybe with an error beside it.
      const byHandler =
        message === null || error instanceof BenchError || !/^Y?Error$/.test(error?.name ?? "Error");
      if (error !== undefined && byHandler) throw error;
      throw usageError(message ?? "", world, flags);
    })
    .epilogue(
      "Exit codes: 0 passed, 1 our error, 2 bad input, 3 SLO failed, 4 worse than baseline, 5 run void, 6 inconclusive, 7 target can't be used, 130 interrupted.",
    );
  for (const entry of COMMANDS) parser = parser.command(lazy(world, entry, flags));
  try {
    const first = world.args[0];
    if (first !== undefined && /^[a-z]/.test(first) && !COMMANDS.some((entry) => nameOf(entry) === first)) {
      const names = COMMANDS.filter(({ describe }) => describe !== false).map(nameOf);
      const near = nearestName(first, names);
      throw BenchError.usage(
        `unknown command "${first}"`,
        near === undefined ? `Commands are ${names.join(", ")}.` : `Did you mean "bench ${near}"?`,
      );
    }
    await parser.parseAsync(withPlainOperands(world.args));
  } catch (error) {
    // What yargs finds while it parses does not pass by `fail`.
    const byYargs = error instanceof Error && error.name === "YError";
    report(world, byYargs ? usageError(error.message, world, flags) : error);
  }
}

function report(world: World, error: unknown): void {
  const known = error instanceof BenchError ? error : systemError(error);
  // What was typed may hold a password, wherever it ended up.
  const shown = (text: string): string => printableLines(redactUrls(text));
  // Only errors about a file list several problems; others may repeat a server's words, which must end no line.
  const message = redactUrls(messageOf(known ?? error));
  const lines = known?.exitCode === EXIT.usage ? printableLines(message) : printable(message);
  const hint = known?.hint === undefined ? "" : `\n  ${printable(redactUrls(known.hint))}`;
  world.stderr.write(`bench: ${lines}${hint}\n`);
  if (beforeDashes(world.args).includes("--debug"))
    world.stderr.write(`${shown((error instanceof Error && error.stack) || "")}\n`);
  else if (known === undefined) world.stderr.write("  This is a bug in riva-bench; --debug shows where.\n");
  world.setExitCode(known?.exitCode ?? EXIT.ourError);
}

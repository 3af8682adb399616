/** A run as a function: what `bench run` does, for programs. */
import { BenchError } from "../base/errors.ts";
import type { World } from "../base/process/world.ts";
import type { Resolve } from "../scenario/target/find-route.ts";
import type { ResolvedTarget } from "../scenario/target/target.ts";
import type { RunListener } from "../watch/listener.ts";
import { libraryWorld } from "./library-world.ts";
import { emulatorOf, openTarget } from "./open-target.ts";
import type { RunFlags, RunInput } from "./run-input.ts";
import { partOf, readInput } from "./run-input.ts";
import type { FinishedRun } from "./run-once.ts";
import { runOnce } from "./run-once.ts";

/** A run whose target is open, before anything has been sent. */
export interface PreparedRun {
  input: RunInput;
  target: ResolvedTarget;
}

/** Who is to see the run; called when the run has its id and its folder, before any load. */
export type ListenersOf = (runId: string, folder: string) => readonly RunListener[];

export interface RunScenarioOptions extends Partial<RunFlags> {
  /** Name in `targets/`, a file, or an address such as `grpc://host:50051`. Default: `RIVA_HOST`, else the emulator. */
  target?: string | undefined;
  /** Which addresses of the target's name get sessions. Default: all in turn. */
  resolve?: Resolve | undefined;
  /** The run folder. Default: `results/<run id>` below `cwd`. */
  out?: string | undefined;
  /** The folder that relative paths count from. Default: the process's working folder. */
  cwd?: string;
  /** Environment variables that settings and secrets are read from. Default: the process's. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Aborted: the run drains and ends with the result of what it measured, which then says "interrupted". */
  signal?: AbortSignal;
  /** Prepares whoever is to see the run. `otlp` only chooses the sessions that are traced: sending traces is a listener's work. */
  watch?: (run: PreparedRun) => ListenersOf | Promise<ListenersOf>;
}

/**
 * Runs a scenario against a target, from plan to verdict, with its load in processes of their own.
 *
 * @param options as the flags of `bench run`; `scenario` defaults to `smoke`, `seed` to 1, `workers` to `auto`
 * @param world where output and signals go; given by the command line
 * @returns the result with its verdict, and the run folder. A run that missed its SLOs or is void is a result, not an error.
 * @throws BenchError for bad input (`exitCode` 2), a target that can't be used (7), a run that can't begin
 */
export async function runScenario(
  options: RunScenarioOptions = {},
  world: World = libraryWorld(options),
): Promise<FinishedRun> {
  const { scenario = "smoke", seed = 1, workers = "auto", target, resolve, out, watch } = options;
  const input = await readInput(world, { ...options, scenario, seed, workers });
  const open = await openTarget(world, target, emulatorOf(input));
  try {
    if (partOf(input).of > 1 && open.emulator !== undefined)
      throw BenchError.usage(
        "--shard: the shards need one target, and each would start an emulator of its own",
        "Start `bench emulator --host ADDRESS` where all can reach it, and give each of them --target grpc://ADDRESS:50051.",
      );
    if (input.remote !== undefined && open.emulator !== undefined)
      throw BenchError.usage(
        "--nats: workers on other machines can't reach the emulator that a run starts for itself",
        "Start `bench emulator --host ADDRESS` where they can reach it, and give --target grpc://ADDRESS:50051.",
      );
    const listeners = (await watch?.({ input, target: open.target })) ?? ((): [] => []);
    return await runOnce(world, { input, open, out, resolve, listeners });
  } finally {
    await open.close();
  }
}

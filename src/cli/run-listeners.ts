/** What is attached to a run, a line each. */
import type { RunListener } from "../metrics/listener.ts";
import { progressListener } from "./progress.ts";
import type { RunArguments } from "./run-options.ts";
import type { RunInput } from "./run-input.ts";
import type { World } from "./world.ts";

/** The listeners of one run, in the order in which they are told. */
export function runListeners(world: World, args: RunArguments, { scenario }: RunInput): RunListener[] {
  return [progressListener({ sink: world.stderr, quiet: args.quiet, warmupMs: scenario.warmupMs })];
}

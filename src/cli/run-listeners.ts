/** What is attached to a run, a line each. */
import type { RunListener } from "../metrics/listener.ts";
import { loadShape, stageNameAt } from "../loadgen/load-shape.ts";
import { jsonLines } from "./json-lines.ts";
import { liveView } from "./live-view.ts";
import { progressListener } from "./progress.ts";
import type { RunArguments } from "./run-options.ts";
import type { RunInput } from "./run-input.ts";
import type { World } from "./world.ts";

/** The listeners of one run, in the order in which they are told. */
export function runListeners(world: World, args: RunArguments, { scenario, slos }: RunInput): RunListener[] {
  const { env, stderr, stdout } = world;
  const { warmupMs } = scenario;
  const { stages } = loadShape(scenario.load, warmupMs);
  const stageOf = (atMs: number): string | undefined => stageNameAt(stages, atMs);
  if (args.jsonLines) return [jsonLines(stdout)];
  if (!args.quiet && stderr.isTTY && env["TERM"] !== "dumb") {
    return [liveView({ sink: stderr, color: env["NO_COLOR"] === undefined, warmupMs, slos, stageOf })];
  }
  return [progressListener({ sink: stderr, quiet: args.quiet, warmupMs, stageOf })];
}

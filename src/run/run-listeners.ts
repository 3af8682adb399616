/** The listeners that are attached to a run, a line each. */
import type { RunListener } from "../watch/listener.ts";
import { loadShape, stageNameAt } from "../scenario/load/load-shape.ts";
import { jsonLines } from "../watch/live/json-lines.ts";
import { countdown } from "../watch/live/countdown.ts";
import { liveView } from "../watch/live/live-view.ts";
import { progressListener } from "../watch/live/progress.ts";
import type { RunInput } from "./run-input.ts";
import type { World } from "../base/process/world.ts";
import { mayColor } from "../base/process/world.ts";

/** How a run is shown while it lasts. */
export interface Shown {
  quiet: boolean;
  jsonLines: boolean;
}

/** The listeners of one run, in the order in which they are told. */
export function runListeners(world: World, args: Shown, { scenario, slos, shard }: RunInput): RunListener[] {
  const { env, stderr, stdout, clock } = world;
  const { warmupMs } = scenario;
  const { stages } = loadShape(scenario.load, warmupMs);
  const stageOf = (atMs: number): string | undefined => stageNameAt(stages, atMs);
  if (args.jsonLines) return [jsonLines(stdout)];
  if (!args.quiet && stderr.isTTY && env["TERM"] !== "dumb") {
    return [
      ...(shard === undefined ? [] : [countdown(stderr, clock, shard.startAtEpochMs)]),
      liveView({
        ...{ sink: stderr, color: mayColor(stderr, env), warmupMs, stageOf },
        // By one part they are not decided.
        slos: shard === undefined ? slos : [],
      }),
    ];
  }
  return [progressListener({ sink: stderr, quiet: args.quiet, warmupMs, stageOf })];
}

/** `bench worker --nats`: takes part in a run whose coordinator is elsewhere. */
import { BenchError } from "../../base/errors.ts";
import { availableParallelism } from "node:os";
import { isWeight, MOST_WEIGHT } from "../../loadgen/plan/share.ts";
import { checkWorkers } from "../../loadgen/workers/worker-count.ts";
import { printable } from "../../base/text/printable.ts";
import type { World } from "../../base/process/world.ts";
import type { RunBus } from "../../run/nats/run-bus.ts";
import { serve } from "../../run/nats/agent.ts";
import { connectBroker } from "../../run/nats/broker.ts";
import { readBrokerOptions } from "../../run/nats/broker-options.ts";
import { checkedRunId, joinLimitMs } from "../../run/run-input.ts";
import { launchWorker } from "../../run/worker-process.ts";
import type { WorkerArgs } from "./worker-options.ts";

/** Serves a run, or those of a series, and sets the exit code. @throws BenchError for all that keeps it from its share */
export async function serveRemotely(world: World, args: WorkerArgs & { nats: string }): Promise<void> {
  if (args.run === undefined)
    throw BenchError.usage("--nats: which run?", "Give --run ID, as `bench run` prints it.");
  const runId = checkedRunId(args.run);
  const index = placeOf(args.index, world.env["JOB_COMPLETION_INDEX"]);
  const weight = weightOf(args.weight);
  checkWorkers(args.workers);
  const joinMs = joinLimitMs(args.joinTimeout);
  const broker = await readBrokerOptions(args, world);
  const connect = (run: string): Promise<RunBus> => connectBroker(broker, run);
  const bus = await connect(runId);
  try {
    const { target: targets = [], dataset } = args;
    const code = await serve(
      bus,
      { runId, index, targets, dataset, weight, processes: args.workers, joinMs, connect },
      {
        world,
        launch: (job) => launchWorker(job.target.transport),
        tell: (text) => world.stderr.write(`${printable(text)}\n`),
      },
    );
    world.setExitCode(code);
  } finally {
    await bus.close();
  }
}

/** @param fromKubernetes the index of a pod of an Indexed Job */
function placeOf(index: number | undefined, fromKubernetes = ""): number | undefined {
  const place = index ?? (fromKubernetes === "" ? undefined : Number(fromKubernetes));
  if (place === undefined || (Number.isInteger(place) && place >= 0)) return place;
  throw BenchError.usage(
    index === undefined
      ? `JOB_COMPLETION_INDEX=${fromKubernetes}: not a place`
      : `--index ${index}: not a place`,
    "Places are whole numbers from 0.",
  );
}

function weightOf(flag: number | undefined): number {
  const weight = flag ?? Math.min(availableParallelism(), MOST_WEIGHT);
  if (isWeight(weight)) return weight;
  throw BenchError.usage(`--weight ${flag}: must be a whole number from 1 to ${MOST_WEIGHT}`);
}

/** The flags of `bench worker`. */
import type { Argv } from "yargs";
import type { ArgsOf } from "../command.ts";
import { NATS_OPTIONS } from "../run-options.ts";

export type WorkerArgs = ArgsOf<typeof workerOptions>;

export function workerOptions(yargs: Argv) {
  return yargs
    .options(NATS_OPTIONS)
    .option("run", {
      type: "string",
      describe: "Name of the run or series, as given to `bench run --run`, or printed by it",
    })
    .option("index", {
      type: "number",
      describe: "Place in the run, from 0 [default: JOB_COMPLETION_INDEX, else the first that is free]",
    })
    .option("target", {
      alias: "t",
      type: "string",
      array: true,
      describe:
        "The run's target as this machine reaches it, with its credentials; several for a comparison [default: the run's address]",
    })
    .option("dataset", {
      type: "string",
      describe: "The run's dataset, where it is on this machine already [default: fetched from the broker]",
    })
    .option("weight", {
      type: "number",
      describe:
        "Its share of the load, to those of the others: a worker of weight 8 carries twice what one of weight 4 does, 1 to 64 [default: cores of this machine]",
    })
    .option("workers", {
      type: "string",
      default: "auto",
      describe:
        "Processes that make its share: a number, or auto (what the share needs, at most one less than there are cores)",
    })
    .example("$0 worker --nats nats://broker:4222 --run night", "take the next free place of the run `night`")
    .example(
      "RIVA_API_KEY=... $0 worker --nats tls://broker:4222 --nats-creds worker.creds --run night --index 3",
      "a fixed place; the target's key comes from this machine",
    );
}

/** `bench dataset`: imports datasets, checks them, and shows what is in them. */
import { BenchError } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import { command } from "../command.ts";
import type { ACTIONS, DatasetArgs } from "./dataset-args.ts";
import { datasetOptions } from "./dataset-args.ts";

export const datasetCommand = command(datasetOptions, dataset);

interface Action {
  /** Flags that it takes. */
  flags: readonly string[];
  load(): Promise<(world: World, args: DatasetArgs) => Promise<unknown>>;
}

const TABLE: Readonly<Record<(typeof ACTIONS)[number], Action>> = {
  import: {
    flags: ["out", "format", "channel", "skip-bad", "language", "quiet"],
    load: async () => (await import("./import.ts")).importAction,
  },
  check: { flags: ["quiet"], load: async () => (await import("./check.ts")).checkAction },
  list: { flags: ["json"], load: async () => (await import("./list.ts")).listAction },
  fetch: {
    flags: ["out", "mirror", "quiet"],
    load: async () => (await import("./fetch.ts")).fetchAction,
  },
  show: { flags: ["json"], load: async () => (await import("./show.ts")).showAction },
};

const ALL_FLAGS = [...new Set(Object.values(TABLE).flatMap(({ flags }) => flags))];

async function dataset(world: World, args: DatasetArgs): Promise<void> {
  const action = TABLE[args.action];
  const given: Readonly<Record<string, unknown>> = args;
  const foreign = ALL_FLAGS.find((flag) => given[flag] !== undefined && !action.flags.includes(flag));
  if (foreign !== undefined)
    throw BenchError.usage(
      `bench dataset ${args.action} takes no --${foreign}`,
      `Its flags are ${action.flags.map((flag) => `--${flag}`).join(", ")}.`,
    );
  await (
    await action.load()
  )(world, args);
}

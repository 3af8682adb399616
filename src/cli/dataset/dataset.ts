/** `bench dataset`: imports data sets, checks them, and shows what is in them. */
import { BenchError } from "../../base/errors.ts";
import { CHANNELS } from "../../dataset/cut-clip.ts";
import { IMPORTERS } from "../../dataset/import/importers.ts";
import type { World } from "../../base/process/world.ts";
import type { Command } from "../command.ts";
import type { DatasetArgs } from "./dataset-args.ts";

interface Action {
  /** Flags that it takes. */
  flags: readonly string[];
  load(): Promise<(world: World, args: DatasetArgs) => Promise<unknown>>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
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

/** The command. */
export function datasetCommand(world: World): Command {
  return {
    builder: (yargs) =>
      yargs
        .usage(
          "bench dataset <action> [source]\n\nImports data sets, checks them, and shows what is in them.",
        )
        .positional("action", { choices: Object.keys(ACTIONS), demandOption: true, describe: "What to do" })
        .positional("source", {
          type: "string",
          describe: "What to import; the data set to check, show or fetch",
        })
        .option("out", {
          alias: "o",
          type: "string",
          describe: "import, fetch: folder that becomes the data set [fetch: datasets/NAME]",
        })
        .option("format", {
          choices: ["auto", ...IMPORTERS.map(({ name }) => name)],
          describe: "import: format of the source [default: auto]",
        })
        .option("channel", {
          choices: CHANNELS,
          describe: "import: which channel of stereo recordings; both: each becomes a clip",
        })
        .option("skip-bad", {
          type: "boolean",
          describe: "import: leave out what can't be read, and count it",
        })
        .option("language", {
          type: "string",
          describe: "import: language of clips whose source names none (en-US)",
        })
        .option("mirror", { type: "string", describe: "fetch: address of the same archive elsewhere" })
        .option("json", { type: "boolean", describe: "list, show: print JSON" })
        .option("quiet", { alias: "q", type: "boolean", describe: "import, fetch, check: no progress" })
        .example("$0 dataset import manifest.json --out datasets/mine", "a NeMo manifest")
        .example("$0 dataset import LibriSpeech/test-clean --out datasets/libri", "a LibriSpeech tree")
        .example(
          "$0 dataset import calls/ --channel both --skip-bad --out datasets/calls",
          "stereo calls, x.wav + x.txt",
        )
        .example("$0 dataset check datasets/mine", "open all audio, compare all hashes")
        .example("$0 dataset fetch librispeech-test-clean", "347 MB from the web, CC BY 4.0")
        .example("$0 dataset list", "the data sets that are known")
        .example("$0 dataset show datasets/mine", "its numbers and first clips"),
    handler: (args) => dataset(world, args as unknown as DatasetArgs & Record<string, unknown>),
  };
}

const ALL_FLAGS = [...new Set(Object.values(ACTIONS).flatMap(({ flags }) => flags))];

async function dataset(world: World, args: DatasetArgs & Record<string, unknown>): Promise<void> {
  const action = ACTIONS[args.action];
  if (action === undefined) throw new Error(`no action ${args.action}`);
  const foreign = ALL_FLAGS.find((flag) => args[flag] !== undefined && !action.flags.includes(flag));
  if (foreign !== undefined)
    throw BenchError.usage(
      `bench dataset ${args.action} takes no --${foreign}`,
      `Its flags are ${action.flags.map((flag) => `--${flag}`).join(", ")}.`,
    );
  await (
    await action.load()
  )(world, args);
}

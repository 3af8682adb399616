/** The command line of `bench dataset`. */
import type { Argv } from "yargs";
import { BenchError } from "../../base/errors.ts";
import { CHANNELS } from "../../dataset/cut-clip.ts";
import { IMPORTERS } from "../../dataset/import/importers.ts";
import type { ArgsOf } from "../command.ts";

/** Actions of `bench dataset`. */
export const ACTIONS = ["import", "check", "list", "show", "fetch"] as const;

/** Declares the flags of all actions; none has a default, so that those of other actions can be refused. */
export function datasetOptions(yargs: Argv) {
  return yargs
    .usage("bench dataset <action> [source]\n\nImports datasets, checks them, and shows what is in them.")
    .positional("action", { choices: ACTIONS, demandOption: true, describe: "What to do" })
    .positional("source", {
      type: "string",
      describe: "What to import; the dataset to check, show or fetch",
    })
    .option("out", {
      alias: "o",
      type: "string",
      describe: "import, fetch: folder that becomes the dataset [fetch: datasets/NAME]",
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
    .example("$0 dataset list", "the datasets that are known")
    .example("$0 dataset show datasets/mine", "its numbers and first clips");
}

/** Arguments as typed; flags of other actions are absent. */
export type DatasetArgs = ArgsOf<typeof datasetOptions>;

/** The operand. @throws BenchError (exit 2) without one */
export function sourceOf({ action, source }: DatasetArgs, what: string): string {
  if (source !== undefined && source !== "") return source;
  throw BenchError.usage(`bench dataset ${action}: ${what} is missing`, "See `bench dataset --help`.");
}

/** `bench dataset show`. */
import { resolve } from "node:path";
import type { World } from "../../base/process/world.ts";
import { printable } from "../../base/text/printable.ts";
import { summarised } from "../../dataset/known-datasets.ts";
import { summaryText } from "../../dataset/summary.ts";
import { grid } from "../../report/text/table.ts";
import type { DatasetArgs } from "./dataset-args.ts";
import { sourceOf } from "./dataset-args.ts";

const FIRST_CLIPS = 10;
const LONGEST_TEXT = 60;

/** Shows the numbers of a dataset and its first clips. @throws BenchError (exit 2) when it can't be read */
export async function showAction(world: World, args: DatasetArgs): Promise<void> {
  const source = sourceOf(args, "the dataset");
  const { dataset, summary } = await summarised(
    source === "default" ? source : resolve(world.cwd, source),
    world.root,
  );
  const { name, sha256, clips } = dataset;
  const first = clips.slice(0, FIRST_CLIPS);
  if (args.json === true) {
    world.stdout.write(`${JSON.stringify({ name, sha256, ...summary, first }, null, 2)}\n`);
    return;
  }
  const rows = first.map(({ id, audioMs, sampleRateHz, onsetMs, speechEndMs, speaker = "-", text }) =>
    [
      id,
      (audioMs / 1000).toFixed(2),
      String(sampleRateHz),
      `${(onsetMs / 1000).toFixed(2)} to ${(speechEndMs / 1000).toFixed(2)}`,
      speaker,
      shortened(text ?? "(no text)"),
    ].map(printable),
  );
  const head = ["clip", "seconds", "rate (Hz)", "speech (s)", "speaker", "text"];
  world.stdout.write(
    `${printable(name)}\n${summaryText(summary)}\n${grid(head, rows, [1, 2])}\n${clips.length > first.length ? `and ${clips.length - first.length} more\n` : ""}`,
  );
}

function shortened(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}

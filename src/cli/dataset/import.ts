/** `bench dataset import`. */
import { resolve } from "node:path";
import { BenchError, EXIT } from "../../base/errors.ts";
import { existingPath } from "../../base/files/text-file.ts";
import type { World } from "../../base/process/world.ts";
import { printable } from "../../base/text/printable.ts";
import { importDataset } from "../../dataset/import-dataset.ts";
import { importerFor } from "../../dataset/import/importers.ts";
import { summaryText } from "../../dataset/summary.ts";
import type { DatasetArgs } from "./dataset-args.ts";
import { sourceOf } from "./dataset-args.ts";
import { progressLine } from "./progress.ts";

/**
 * Imports a source.
 * @returns false when it was interrupted
 * @throws BenchError (exit 2) with every line that can't be imported
 */
export async function importAction(world: World, args: DatasetArgs): Promise<boolean> {
  const { format = "auto", channel, skipBad = false, language, quiet = false } = args;
  const source = await existingPath(resolve(world.cwd, sourceOf(args, "the source")));
  if (args.out === undefined)
    throw BenchError.usage(
      "bench dataset import: --out is missing",
      "Give the folder that becomes the dataset.",
    );
  const out = resolve(world.cwd, args.out);
  const importer = importerFor(source, format);
  const stop = new AbortController();
  const unsubscribe = world.onInterrupt(() => stop.abort());
  const progress = progressLine(world, quiet);
  try {
    const imported = await importDataset({
      ...{ source, out, importer, channel, skipBad, language, signal: stop.signal },
      onProgress: ({ clips, of, seconds }) =>
        progress.show(() => `import: ${clips} of ${of} clips, ${(seconds / 3600).toFixed(2)} hours of audio`),
    });
    progress.end();
    if (imported === undefined) {
      world.stderr.write("bench: interrupted; the same command goes on from here\n");
      world.setExitCode(EXIT.interrupted);
      return false;
    }
    const { summary, refused, reused } = imported;
    const lines = [
      ["format", importer.name],
      ["refused", String(refused.count)],
      ...(reused === 0 ? [] : [["done before", String(reused)]]),
    ] as const;
    if (refused.count > 0) world.stderr.write(`${refused.text().split("\n").map(printable).join("\n")}\n`);
    world.stdout.write(
      `${printable(out)}\n${summaryText(summary)}${lines.map(([label, value]) => `${label.padEnd(14)}${value}\n`).join("")}`,
    );
    return true;
  } finally {
    progress.end();
    unsubscribe();
  }
}

/** `bench dataset check`. */
import { resolve } from "node:path";
import { BenchError } from "../../base/errors.ts";
import { lookAtClips } from "../../base/dataset/dataset.ts";
import type { World } from "../../base/process/world.ts";
import { printable } from "../../base/text/printable.ts";
import { summedClip } from "../../dataset/known-datasets.ts";
import { BadLines, SummaryBuilder, summaryText } from "../../dataset/summary.ts";
import type { DatasetArgs } from "./dataset-args.ts";
import { sourceOf } from "./dataset-args.ts";
import { progressLine } from "./progress.ts";

/** Reads every file of a dataset. @throws BenchError (exit 2) with all that is wrong */
export async function checkAction(world: World, args: DatasetArgs): Promise<void> {
  const source = sourceOf(args, "the dataset");
  const path = source === "default" ? source : resolve(world.cwd, source);
  const progress = progressLine(world, args.quiet ?? false);
  const summed = new SummaryBuilder();
  const bad = new BadLines();
  let clips = 0;
  const show = (): void => progress.show(() => `check: ${++clips} clips, ${bad.count} with problems`);
  const manifest = await lookAtClips(
    path,
    { root: world.root },
    {
      clip: (info) => {
        summed.add(summedClip(info));
        show();
      },
      problem: ({ message }) => {
        bad.add({ where: "", reason: message });
        show();
      },
    },
  );
  progress.end();
  if (bad.count > 0)
    throw BenchError.usage(
      `${manifest}: ${bad.count} of its clips can't be used\n${bad.text()}`,
      "Import it again, or mend the lines.",
    );
  world.stdout.write(
    `${printable(manifest)}: all audio is there and whole\n${summaryText(summed.summary())}`,
  );
}

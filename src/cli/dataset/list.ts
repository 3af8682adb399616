/** `bench dataset list`. */
import { join, resolve } from "node:path";
import { BenchError, messageOf } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import { printable } from "../../base/text/printable.ts";
import { datasetsIn, summarised } from "../../dataset/known-datasets.ts";
import type { DatasetSummary } from "../../dataset/summary.ts";
import { grid } from "../../report/text/table.ts";
import type { DatasetArgs } from "./dataset-args.ts";

interface Listed {
  path: string;
  name?: string;
  summary?: DatasetSummary;
  /** Why it can't be used. */
  problem?: string;
}

/** Lists the datasets of the package, of `datasets/` here, and of the folder that is given. */
export async function listAction(world: World, { source, json = false }: DatasetArgs): Promise<void> {
  const folders =
    source === undefined
      ? [join(world.root, "datasets"), join(world.cwd, "datasets")]
      : [resolve(world.cwd, source)];
  const paths = [...new Set(folders.map((folder) => resolve(folder)).flatMap(datasetsIn))];
  const listed: Listed[] = [];
  for (const path of paths) listed.push(await look(path, world.root));
  if (json) world.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
  else if (listed.length === 0)
    throw BenchError.usage(`no dataset in ${folders.join(", ")}`, "`bench dataset import` makes one.");
  else
    world.stdout.write(
      `\n${grid(["name", "clips", "hours", "rates (Hz)", "path"], listed.map(row), [1, 2])}\n`,
    );
}

async function look(path: string, root: string): Promise<Listed> {
  try {
    const { dataset, summary } = await summarised(path, root);
    return { path, name: dataset.name, summary };
  } catch (error) {
    return { path, problem: messageOf(error) };
  }
}

function row({ path, name = "?", summary, problem = "" }: Listed): string[] {
  const cells =
    summary === undefined
      ? [name, "-", "-", problem, path]
      : [name, String(summary.clips), summary.hours.toFixed(2), Object.keys(summary.rates).join(", "), path];
  return cells.map(printable);
}

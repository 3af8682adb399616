/** `bench merge`: the parts of a run that several machines made without a broker, put together and judged. */
import type { Argv } from "yargs";
import { BenchError } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import { mayColor } from "../../base/process/world.ts";
import { printable } from "../../base/text/printable.ts";
import { renderTable } from "../../report/text/table.ts";
import type { MergedRun } from "../../run/shards/merge-shards.ts";
import { mergeShards } from "../../run/shards/merge-shards.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { exitCode } from "../../metrics/result/exit-code.ts";
import { STORED_RUNS } from "../run-options.ts";

export const mergeCommand = command(options, merge);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .positional("runs", { ...STORED_RUNS, describe: "Run folders of the shards" })
    .option("out", {
      alias: "o",
      type: "string",
      describe: "Run folder of the whole [default: results/<run id>]",
    })
    .option("json", { type: "boolean", default: false, describe: "Print result.json instead of the table" })
    .example("$0 merge shards/*", "the folders that `bench run --shard I/N` wrote on all machines")
    .example("$0 merge a b c --out results/night", "a folder of your choice")
    .epilogue(
      "The exit code is that of `bench run`: 0 passed, 3 SLO failed, 5 void, 6 inconclusive, 2 bad input. " +
        "Sessions of shards that are missing count as lost; beyond 5 % of the load the run is void.",
    );
}

async function merge(world: World, { runs, out, json }: Args): Promise<void> {
  const merged = await mergeShards(world, runs, out);
  const { result, folder, problem } = merged;
  for (const note of notesOn(merged)) world.stderr.write(`bench: ${printable(note)}\n`);
  const color = mayColor(world.stdout, world.env);
  world.stdout.write(json ? `${JSON.stringify(result)}\n` : renderTable(result, { color, folder }));
  if (problem !== undefined) throw new BenchError(problem.message, { hint: problem.hint });
  world.setExitCode(exitCode(result));
}

/** Facts that whoever merges should know beside the result. */
function notesOn({ result: { run }, unreadable }: MergedRun): string[] {
  const { merged, missing, count } = run.shards ?? { merged: [], missing: [], count: 0 };
  const cutShort = merged.filter((shard) => shard.cutShort === true);
  const cutInDrain = merged.filter((shard) => shard.cutInDrain === true);
  return [
    ...(missing.length === 0
      ? []
      : [`missing of ${count} shards: ${missing.join(", ")}; what they should have done counts as lost`]),
    ...cutShort.map(
      ({ index, run: id }) => `shard ${index} (${id}) did not run to its end: the rest counts as lost`,
    ),
    ...cutInDrain.map(
      ({ index, run: id }) =>
        `shard ${index} (${id}) was interrupted, or its disk was full, after its window: what it had under way counts as lost`,
    ),
    ...(unreadable === 0
      ? []
      : [`${unreadable} line(s) of records were cut short in the middle of their write and left out`]),
  ];
}

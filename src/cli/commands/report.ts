/** `bench report`: stored runs once more, in any form; for a run that was killed, what its records say. */
import type { Argv } from "yargs";
import { printable } from "../../base/text/printable.ts";
import type { ReportedRun } from "../../report/reporters.ts";
import { REPORT_FORMATS, REPORTERS } from "../../report/reporters.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { STORED_RUNS } from "../run-options.ts";
import { readSessionDigest } from "../../store/session-digest-file.ts";
import type { StoredRun } from "../../store/stored-run.ts";
import { openStoredRun } from "../../store/stored-run.ts";
import type { World } from "../../base/process/world.ts";
import { mayColor } from "../../base/process/world.ts";
import { writeOutput } from "../write-output.ts";

export const reportCommand = command(options, report);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .positional("runs", STORED_RUNS)
    .option("format", {
      alias: "f",
      choices: REPORT_FORMATS,
      default: "table" as const,
      describe: "html takes one run, the others any number",
    })
    .option("out", {
      alias: "o",
      type: "string",
      describe: "Write to this file instead of standard output",
    })
    .example("$0 report results/2025-06-01T10-00-00-smoke-1a2b", "the table again")
    .example("$0 report results/* --format junit --out junit.xml", "for a CI server")
    .example("$0 report out/killed --format json --out out/killed/result.json", "keep what can be saved");
}

async function report(world: World, { runs, format, out }: Args): Promise<void> {
  const stored: StoredRun[] = [];
  for (const run of runs) stored.push(await openStoredRun(run, world.cwd));
  for (const sentence of stored.flatMap(({ missing }) => missing))
    world.stderr.write(`bench: ${printable(sentence)}\n`);
  const color = out === undefined && mayColor(world.stdout, world.env);
  const told: ReportedRun[] = [];
  for (const { result, folder } of stored) {
    const digest = format === "html" ? await readSessionDigest(folder, result) : undefined;
    told.push({ result, folder, ...(digest === undefined ? {} : { digest }) });
  }
  const text = REPORTERS[format](told, { color });
  if (out === undefined) {
    world.stdout.write(text);
    return;
  }
  writeOutput(world, out, text);
}

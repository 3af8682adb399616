/** `bench report`: a stored run once more; for a run that was killed, what its records say. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CommandModule } from "yargs";
import { BenchError, messageOf } from "../base/errors.ts";
import type { RunResult } from "../metrics/result.ts";
import { renderHtml } from "../report/html.ts";
import { renderTable } from "../report/table.ts";
import type { StoredRun } from "./stored-run.ts";
import { openStoredRun } from "./stored-run.ts";
import type { World } from "./world.ts";

type Format = "table" | "json" | "html";

interface Args {
  run: string;
  format: Format;
  out: string | undefined;
}

export function reportCommand(world: World): CommandModule {
  return {
    command: "report <run>",
    describe: "Report a stored run, also one that was killed before it could write its result",
    builder: (yargs) =>
      yargs
        .positional("run", { type: "string", demandOption: true, describe: "Run folder, or its result.json" })
        .option("format", { alias: "f", choices: ["table", "json", "html"], default: "table" })
        .option("out", {
          alias: "o",
          type: "string",
          describe: "Write to this file instead of standard output",
        })
        .example("$0 report results/2025-06-01T10-00-00-smoke-1a2b", "the table again")
        .example("$0 report out/killed --format json --out out/killed/result.json", "keep what can be saved"),
    handler: (args) => report(world, args as unknown as Args),
  };
}

async function report(world: World, { run, format, out }: Args): Promise<void> {
  const stored = await openStoredRun(run, world.cwd);
  for (const sentence of stored.missing) world.stderr.write(`bench: ${sentence}\n`);
  const color = out === undefined && world.stdout.isTTY && world.env["NO_COLOR"] === undefined;
  const text = FORMATS[format](stored, color);
  if (out === undefined) {
    world.stdout.write(text);
    return;
  }
  const path = resolve(world.cwd, out);
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw BenchError.usage(`${path} can't be written: ${messageOf(error)}`, "Give another file with --out.");
  }
}

const FORMATS: Readonly<Record<Format, (stored: StoredRun, color: boolean) => string>> = {
  table: ({ result, folder }, color) => renderTable(result, { color, folder }),
  json: ({ result }) => inJson(result),
  html: ({ result }) => renderHtml(result),
};

function inJson(result: RunResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

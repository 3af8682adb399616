/** `bench dashboards`: the Grafana boards and Prometheus rules that come with the package, listed or written for import. */
import type { Argv } from "yargs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BenchError, messageOf } from "../../base/errors.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { makeSharedFolders } from "../../base/files/private-files.ts";
import type { World } from "../../base/process/world.ts";

interface Board {
  uid: string;
  title: string;
  description: string;
  templating: { list: { name: string; current?: object }[] };
}

export const dashboardsCommand = command(options, dashboards);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .option("out", {
      type: "string",
      describe: "Write boards (*.json) and rules (*.yaml) to this folder",
    })
    .option("datasource", {
      type: "string",
      describe:
        "UID of the Prometheus data source that the boards choose at first [default: Grafana's default]",
    })
    .option("json", { type: "boolean", default: false, describe: "Print the list as JSON" })
    .example("$0 dashboards", "what there is")
    .example("$0 dashboards --out grafana", "files to import, or for Grafana's provisioning")
    .example("$0 dashboards --out grafana --datasource prom-eu", "with your data source chosen");
}

async function dashboards(world: World, { out, datasource, json }: Args): Promise<void> {
  if (datasource !== undefined && out === undefined)
    throw BenchError.usage("--datasource is for files that are written", "Add --out FOLDER.");
  const boards = await read(world, "grafana", ".json");
  const rules = await read(world, "rules", ".yaml");
  const found = [...boards].map(([file, text]) => ({ file, board: JSON.parse(text) as Board }));
  if (out !== undefined) {
    const files = new Map(found.map(({ file, board }) => [file, jsonOf(board, datasource)]));
    await write(resolve(world.cwd, out), [...files, ...rules]);
  }
  const list = found.map(({ file, board: { uid, title, description } }) => ({
    file,
    uid,
    title,
    description,
  }));
  if (json) {
    world.stdout.write(`${JSON.stringify({ boards: list, rules: [...rules.keys()] }, null, 2)}\n`);
    return;
  }
  const lines = list.map(({ file, title, description }) => `${title}\n    ${description}\n    ${file}`);
  const written =
    out === undefined ? "" : `\n\n${list.length} boards and ${rules.size} files of rules written to ${out}`;
  world.stdout.write(`${lines.join("\n\n")}\n\nrules: ${[...rules.keys()].join(", ")}${written}\n`);
}

/** Files by name. */
async function read(world: World, folder: string, extension: string): Promise<Map<string, string>> {
  const path = join(world.root, "dashboards", folder);
  const names = (await readdir(path)).filter((name) => name.endsWith(extension)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(path, name), "utf8")));
  return new Map(names.map((name, index) => [name, texts[index] ?? ""]));
}

function jsonOf(board: Board, datasource: string | undefined): string {
  if (datasource !== undefined) {
    const current = { selected: true, text: datasource, value: datasource };
    for (const variable of board.templating.list)
      if (variable.name === "datasource") Object.assign(variable, { current });
  }
  return `${JSON.stringify(board, null, 2)}\n`;
}

async function write(
  folder: string,
  files: readonly (readonly [name: string, text: string])[],
): Promise<void> {
  try {
    makeSharedFolders(folder);
    for (const [name, text] of files) await writeFile(join(folder, name), text);
  } catch (error) {
    throw BenchError.usage(`can't write to --out ${folder}: ${messageOf(error)}`, "Give another folder.");
  }
}

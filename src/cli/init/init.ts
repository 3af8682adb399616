/** `bench init`: deploy and CI files of the package, written into a project. */
import type { Argv } from "yargs";
import { lstatSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { BenchError, messageOf } from "../../base/errors.ts";
import { makeSharedFolders } from "../../base/files/private-files.ts";
import { packageVersion } from "../../base/process/machine.ts";
import type { World } from "../../base/process/world.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { writeOutput } from "../write-output.ts";
import type { KitName } from "./kits.ts";
import { kitFiles, KITS } from "./kits.ts";

export const initCommand = command(options, init);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .positional("kit", {
      choices: Object.keys(KITS) as KitName[],
      demandOption: true,
      describe:
        "compose: emulator, gateway, Prometheus, Alertmanager, Grafana; chart: the Helm charts; github-actions, gitlab: a job that gates",
    })
    .option("dir", {
      type: "string",
      describe: "Folder to write to [default: compose or chart; of CI files this folder]",
    })
    .option("image", {
      type: "string",
      describe: "compose: image of the harness [default: riva-bench of this version]",
    })
    .option("force", { type: "boolean", default: false, describe: "Overwrite files that differ" })
    .example("$0 init compose", "into compose/")
    .example(
      "$0 init compose --dir deploy/bench --image registry.example/riva-bench:0.1.0",
      "elsewhere, your image",
    )
    .example("$0 init github-actions", ".github/workflows/speech-latency.yml")
    .example("$0 init gitlab --force", "take the file of this version, whatever was changed in it");
}

async function init(world: World, args: Args): Promise<void> {
  const kit = KITS[args.kit];
  if (args.image !== undefined && args.kit !== "compose")
    throw BenchError.usage(`bench init ${args.kit} takes no --image`, "Only compose does.");
  const { dir = kit.dir, image = `riva-bench:${packageVersion(world.root)}` } = args;
  const settings = { image };
  const files = await kitFiles(world, kit, settings);
  const states = [...files].map(([path, text]) => {
    const file = join(dir, path);
    return { file, text, state: stateOf(resolve(world.cwd, file), text) };
  });
  const changed = states.filter(({ state }) => state === "changed").map(({ file }) => file);
  if (changed.length > 0 && !args.force)
    throw BenchError.usage(
      [`these files are there already and differ; nothing was written:`, ...changed].join("\n  "),
      "Keep them and give another --dir, or overwrite them with --force.",
    );
  for (const { file, text, state } of states) if (state !== "same") write(world, file, text);
  const verbs = { new: "wrote", changed: "overwrote", same: "unchanged" };
  const lines = states.map(({ file, state }) => `${verbs[state].padEnd(9)}  ${file}`);
  world.stdout.write(
    `${lines.join("\n")}\n\nNext${dir === "." ? "" : `, in ${dir}`}:\n${kit
      .next(settings)
      .map((line) => `  ${line}\n`)
      .join("")}`,
  );
}

function write(world: World, file: string, text: string): void {
  try {
    makeSharedFolders(dirname(resolve(world.cwd, file)));
  } catch (error) {
    throw BenchError.usage(`can't write to ${dirname(file)}: ${messageOf(error)}`, "Give another --dir.");
  }
  writeOutput(world, file, text);
}

/** @throws BenchError (exit 2) when what is there can't be read: it is no file of ours to overwrite */
function stateOf(path: string, text: string): "new" | "same" | "changed" {
  try {
    // A link would be written through, to wherever it leads.
    if (lstatSync(path).isSymbolicLink())
      throw BenchError.usage(`${path} is a link`, "Remove it, or give another --dir.");
    return readFileSync(path, "utf8") === text ? "same" : "changed";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof BenchError) throw error;
    if (code === "ENOENT") return "new";
    throw BenchError.usage(`${path} can't be read: ${messageOf(error)}`, "Give another --dir.");
  }
}

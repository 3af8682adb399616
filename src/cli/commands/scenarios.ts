/** `bench scenarios`: what scenarios there are. */
import type { Argv } from "yargs";
import { formatDuration } from "../../base/duration.ts";
import { iterationsOf, loadInWords } from "../../scenario/load/load.ts";
import type { Scenario } from "../../scenario/scenario.ts";
import { listScenarios, loadScenario, readScenario } from "../../scenario/scenario.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import type { World } from "../../base/process/world.ts";

export const scenariosCommand = command(options, scenarios);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .positional("name", { type: "string", describe: "A scenario, or the path of a file" })
    .option("json", { type: "boolean", default: false, describe: "Print them as JSON, read and checked" })
    .example("$0 scenarios", "what there is")
    .example("$0 scenarios smoke > mine.yaml", "a file to change; run it with --scenario mine.yaml");
}

async function scenarios(world: World, { name, json }: Args): Promise<void> {
  if (name !== undefined && !json) {
    const { text } = await readScenario(name, world);
    world.stdout.write(text);
    return;
  }
  const names = name === undefined ? await listScenarios(world.root) : [name];
  const found = await Promise.all(names.map((each) => loadScenario(each, world)));
  world.stdout.write(
    json
      ? `${JSON.stringify(name === undefined ? found : found[0], null, 2)}\n`
      : `${found.map(inWords).join("\n\n")}\n`,
  );
}

function inWords(scenario: Scenario): string {
  const { name, description, load, warmupMs, steadyMs, slo } = scenario;
  const iterations = iterationsOf(load);
  const length =
    iterations === undefined
      ? `${formatDuration(warmupMs)} warm-up + ${formatDuration(steadyMs)}`
      : `${iterations} sessions each, at most ${formatDuration(steadyMs)}`;
  const lines = [`${loadInWords(load)}, ${length}`, slo.join(" · ")].filter((line) => line !== "");
  return [`${name}: ${description}`, ...lines.map((line) => `    ${line}`)].join("\n");
}

/** The lists of the page: the run in figures, what was run and where, how to run it again. */
import { markWord } from "../../base/server-mark.ts";
import { toYaml } from "../../base/yaml.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { markup, type Markup } from "../words/markup.ts";
import { section } from "./html-tables.ts";
import { instant, runFacts, seconds } from "../words/wording.ts";

/** The run in figures. */
export function figuresSection(result: RunResult): Markup {
  return section("The run in figures", list(runFacts(result)));
}

/** The scenario as resolved: what was really done, defaults and flags included. */
export function configurationSection({ scenario }: RunResult): Markup {
  return section("Configuration", markup`<p>The scenario as resolved.</p>\n<pre>${toYaml(scenario)}</pre>`);
}

/** Where, when and with what it ran. */
export function provenanceSection({ run, target, dataset }: RunResult): Markup {
  const { id, startedAt, endedAt, seed, planHash, tool, git, node, host, cpus, workers } = run;
  const word = markWord(target);
  return section(
    "What ran",
    markup`<div class="pair"><div>
<h3>Generator</h3>
${list([
  ["run", id],
  ["started", instant(startedAt)],
  ["ended", `${instant(endedAt)} (${seconds(Date.parse(endedAt) - Date.parse(startedAt))})`],
  ["seed", `${seed}`],
  ["plan", planHash],
  ["program", `${tool}, Node ${node}`],
  ...(git === undefined ? [] : [["working copy", git] as const]),
  ["machine", `${host}, ${cpus} CPUs`],
  ["workers", `${workers}`],
  ["dataset", `${dataset.name}, sha256 ${dataset.sha256}`],
])}</div><div>
<h3>Target${word === undefined ? "" : `, ${word}`}</h3>
${list([
  ["name", target.name],
  ["address", `${target.uri} (${target.kind})`],
  ...(target.model === undefined ? [] : [["model", target.model] as const]),
  ...Object.entries(target.server ?? {}),
])}</div></div>`,
  );
}

/** The command that makes the same plan again. */
export function reproduceSection({ run, target }: RunResult): Markup {
  // The address of an emulator that a run starts for itself is gone with the run; its name starts another.
  const again = target.emulated && !target.name.includes(":") ? target.name : target.uri;
  return section(
    "How to run it again",
    markup`<p>In this run's folder, where <code>scenario.yaml</code> holds the configuration; credentials come from the
environment, as they did then.</p>
<pre>npx bench run --scenario ./scenario.yaml --target ${shellWord(again)} --seed ${run.seed}</pre>
<p class="note">The same seed, scenario and dataset make the plan <code>${run.planHash}</code>.</p>`,
  );
}

/** Quoted where a shell would read more into it than a word. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function list(rows: readonly (readonly [label: string, text: string])[]): Markup {
  return markup`<dl>
${rows.map(([label, text]) => markup`<dt>${label}</dt><dd>${text}</dd>\n`)}</dl>
`;
}

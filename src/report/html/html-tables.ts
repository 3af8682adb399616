/** The tables of the page: checks, latencies, NVIDIA's figures, sessions and failures. */
import { failureNotes, pageNote } from "../words/failure-notes.ts";
import type { Check, RunResult, Summary } from "../../metrics/result/result.ts";
import { markup, type Markup } from "../words/markup.ts";
import { stageRows } from "../text/stages.ts";
import { workerRows } from "../text/workers.ts";
import type { Row } from "../words/wording.ts";
import {
  certificationNote,
  checkVerdict,
  GENERATOR_ROWS,
  isCertified,
  LATENCY_ROWS,
  measuredRows,
  NVIDIA_ROWS,
  observedText,
  optional,
  PERCENTILE_COLUMNS,
  percentileText,
  sampleText,
  unjudgedFailures,
} from "../words/wording.ts";
import { percent } from "../words/percent.ts";

/** What a check does to the run's validity. */
const VALIDITY_WORDS = { pass: "pass", inconclusive: "degraded", fail: "void" } as const;

/** May the run be believed? */
export function validitySection({ validity: { status, checks } }: RunResult): Markup {
  return section(
    "Validity",
    markup`<p>May the run be believed? It is <strong class="${status === "valid" ? "pass" : status}">${status}</strong>.</p>
${checksTable(["check", "observed", "limit", "verdict"], checks, (check) => [
  observedText(check),
  check.limit ?? "",
  VALIDITY_WORDS[check.verdict],
])}`,
  );
}

/** What the target was held to. */
export function sloSection(result: RunResult): Markup {
  return section(
    "SLOs",
    markup`<p>Did the target hold what was asked of it? ${result.verdict === "void" ? "Of a void run nothing is judged." : markup`Percentiles are judged at 99&nbsp;% confidence.`}</p>
${checksTable(["SLO", "observed", "verdict"], result.slos, (check) => [
  observedText(check),
  checkVerdict(result, check),
])}`,
  );
}

/** @param cells of a check after its name; the last is the verdict, the others are figures */
function checksTable(
  head: readonly string[],
  checks: readonly Check[],
  cells: (check: Check) => [...figures: string[], verdict: string],
): Markup {
  const rows = checks.map((check) => {
    const figures = cells(check);
    const verdict = figures.pop() ?? "";
    const { advice } = check;
    return markup`<tr${advice === undefined ? undefined : markup` class="advised"`}><th scope="row">${identifier(check.name)}</th>
${figures.map((figure) => markup`<td class="number">${figure}</td>`)}<td class="${verdict}">${verdict}</td></tr>
${advice === undefined ? undefined : markup`<tr class="advice"><td colspan="${head.length}">${advice}</td></tr>\n`}`;
  });
  return table(head, [...head.keys()].slice(1, -1), rows);
}

/** The badge behind a heading whose figures are of no product; nothing for any other target. */
export function markBadge(word: string | undefined): Markup | undefined {
  return word === undefined ? undefined : markup` <span class="emulated">${word}</span>`;
}

/** A name as code that may be broken after its underscores. */
export function identifier(name: string): Markup {
  const parts = name
    .split(/(?<=_)/)
    .map((part, index) => (index === 0 ? markup`${part}` : markup`<wbr>${part}`));
  return markup`<code>${parts}</code>`;
}

/** Latencies of the target and the generator's own part in them. */
export function latencySection(result: RunResult): Markup {
  const rows = [...LATENCY_ROWS, ...GENERATOR_ROWS];
  if (measuredRows(result, rows).length === 0)
    return section("Latency", markup`<p>Nothing was measured.</p>`);
  const note = certificationNote(result, rows);
  return section(
    "Latency",
    markup`<p>In milliseconds, of sessions scheduled in the steady window. The target's are of those that completed and count
from the instant at which audio was <em>due</em>: lateness of the generator is inside, never flattering the server.</p>
${latencyTable(result, [
  ["the target", LATENCY_ROWS],
  ["the generator itself", GENERATOR_ROWS],
])}
<p class="note">n: values, with the sessions they come from in brackets.${note === undefined ? "" : ` ${note}.`}</p>`,
  );
}

/** What a change of load did, where a run has several stages. */
export function stagesSection(result: RunResult): Markup | undefined {
  return rowsSection("Stages", stageRows(result));
}

/** Who made the load, where that was done on other machines. */
export function workersSection(result: RunResult): Markup | undefined {
  return rowsSection("Workers", workerRows(result));
}

function rowsSection(
  title: string,
  found: { head: string[]; rows: string[][] } | undefined,
): Markup | undefined {
  if (found === undefined) return undefined;
  const rows = found.rows.map(
    ([name = "", ...figures]) => markup`<tr><th scope="row">${name}</th>
${figures.map((figure) => markup`<td class="number">${figure}</td>`)}</tr>
`,
  );
  return section(title, table(found.head, [...found.head.keys()].slice(1), rows));
}

/** NVIDIA's own figures, in a box of their own so that nobody takes one kind for the other. */
export function nvidiaBox(result: RunResult): Markup | undefined {
  if (measuredRows(result, NVIDIA_ROWS).length === 0) return undefined;
  const { rtfx_nvidia_compat: rtfx, nvidia_compat_unpaired: unpaired } = result.metrics;
  const note = certificationNote(result, NVIDIA_ROWS);
  return markup`<aside>
<h2 id="as-nvidia-counts">As NVIDIA counts</h2>
<p>For comparison with NVIDIA's published tables only: response <em>i</em> is paired with chunk <em>i</em> by index, from
the instant the chunk was <em>sent</em>. No SLO can be set on these figures.</p>
${latencyTable(result, [["", NVIDIA_ROWS]])}
<p class="note">RTFX over all sessions and the whole run: ${optional(rtfx?.value)}. Sessions left out because
responses and chunks could not be paired: ${unpaired?.value ?? "-"}.${note === undefined ? "" : ` ${note}.`}</p>
</aside>
`;
}

function latencyTable(
  result: RunResult,
  groups: readonly (readonly [title: string, rows: readonly Row[]])[],
): Markup {
  const head = ["", "n", "mean", ...PERCENTILE_COLUMNS.map(([, heading]) => heading), "max"];
  const rows = groups.flatMap(([title, metrics]) => {
    const measured = measuredRows(result, metrics).map(([label, summary]) => latencyRow(label, summary));
    if (measured.length === 0 || title === "") return measured;
    return [markup`<tr><th scope="rowgroup" colspan="${head.length}">${title}</th></tr>\n`, ...measured];
  });
  return table(head, [...head.keys()].slice(1), rows, "latencies");
}

function latencyRow(label: string, summary: Summary): Markup {
  const { negatives = 0 } = summary;
  const percentiles = PERCENTILE_COLUMNS.map(([name]) => {
    const guess = summary[name] !== undefined && !isCertified(summary, name);
    return markup`<td class="number${guess ? " guess" : ""}">${percentileText(summary, name)}</td>`;
  });
  const below = negatives === 0 ? undefined : markup` <span class="soft">(${negatives} below zero)</span>`;
  return markup`<tr><th scope="row">${label}${below}</th><td class="number">${sampleText(summary)}</td>
<td class="number">${optional(summary.mean)}</td>${percentiles}<td class="number">${optional(summary.max)}</td></tr>
`;
}

const PHASES = ["warmup", "steady", "drain"] as const;

/** Where every session went, and why some failed. */
export function sessionsSection(result: RunResult): Markup {
  const { sessionsByPhase, sessions } = result;
  const phases = PHASES.map((phase) => {
    const { scheduled, started, completed, failed, dropped } = sessionsByPhase[phase];
    const cells = [scheduled, started, completed, failed, dropped].map(
      (n) => markup`<td class="number">${n}</td>`,
    );
    return markup`<tr><th scope="row">${phase === "warmup" ? "warm-up" : phase}</th>${cells}</tr>\n`;
  });
  const failures = [...sessions.failures]
    .sort((a, b) => b.count - a.count)
    .map(
      ({ phase, class: kind, origin, count }) => markup`<tr><th scope="row" class="fail">${kind}</th>
<td>${phase}</td><td>${origin}</td><td class="number">${count}</td>
<td class="number">${percent(count / sessions.scheduled)}</td></tr>
`,
    );
  const outside = unjudgedFailures(result);
  return section(
    "Sessions and failures",
    markup`<div class="pair"><div>
<h3>By phase, as scheduled</h3>
${table(["", "scheduled", "started", "completed", "failed", "dropped"], [1, 2, 3, 4, 5], phases)}</div><div>
<h3>Failures in the steady window</h3>
${
  failures.length === 0
    ? markup`<p>None.</p>`
    : table(["what", "phase", "origin", "sessions", "share"], [3, 4], failures)
}
${outside === undefined ? undefined : markup`<p class="note">${outside}.</p>`}${failureNotesPart(result)}</div></div>`,
  );
}

function failureNotesPart(result: RunResult): Markup | undefined {
  const page = pageNote(result);
  if (page === undefined) return undefined;
  const notes = failureNotes(result).map(
    ({
      class: kind,
      page: section,
      examples,
    }) => markup`<p class="note">${kind}, for example (see ${section}):</p>
<ul class="note">${examples.map((example) => markup`<li dir="auto">${example}</li>\n`)}</ul>
`,
  );
  return markup`${notes}<p class="note">${page}.</p>`;
}

/** A heading and what stands under it. */
export function section(title: string, body: Markup): Markup {
  return markup`<section>
<h2 id="${title.toLowerCase().replaceAll(/\W+/g, "-")}">${title}</h2>
${body}
</section>
`;
}

/** @param region name of a table too wide for a phone: it scrolls, by keyboard too */
export function table(
  head: readonly string[],
  right: readonly number[],
  rows: readonly Markup[],
  region?: string,
): Markup {
  const cells = head.map((text, index) => {
    if (text === "") return markup`<td></td>`;
    return markup`<th scope="col"${right.includes(index) ? markup` class="number"` : undefined}>${text}</th>`;
  });
  const scrolls =
    region === undefined ? undefined : markup` tabindex="0" role="region" aria-label="${region}"`;
  return markup`<div class="wide"${scrolls}><table>
<thead><tr>${cells}</tr></thead>
<tbody>
${rows}</tbody>
</table></div>
`;
}

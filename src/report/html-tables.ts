/** The tables of the page: checks, latencies, NVIDIA's figures, sessions and failures. */
import type { Check, RunResult, Summary } from "../metrics/result.ts";
import { markup, type Markup } from "./html-markup.ts";
import type { Row } from "./wording.ts";
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
  percent,
  percentileText,
  sampleText,
  unjudgedFailures,
} from "./wording.ts";

/** May the run be believed? */
export function validitySection({ validity: { status, checks } }: RunResult): Markup {
  return section(
    "Validity",
    markup`<p>May the run be believed? It is <strong class="${status === "valid" ? "pass" : status}">${status}</strong>.</p>
${checksTable(checks, ({ verdict }) => verdict)}`,
  );
}

/** What the target was held to. */
export function sloSection(result: RunResult): Markup {
  return section(
    "SLOs",
    markup`<p>Did the target hold what was asked of it, at 99 % confidence?</p>
${checksTable(result.slos, (check) => checkVerdict(result, check))}`,
  );
}

function checksTable(checks: readonly Check[], verdictOf: (check: Check) => string): Markup {
  const rows = checks.map((check) => {
    const verdict = verdictOf(check);
    const advice = check.verdict === "pass" ? undefined : check.advice;
    const [rowClass, row] =
      advice === undefined
        ? ["", undefined]
        : ["advised", markup`<tr class="advice"><td colspan="4">${advice}</td></tr>\n`];
    return markup`<tr class="${rowClass}"><th scope="row"><code>${check.name}</code></th>
<td class="number">${observedText(check)}</td><td class="number">${check.limit ?? ""}</td>
<td class="${verdict}">${verdict}</td></tr>
${row}`;
  });
  return table(["check", "observed", "limit", "verdict"], [1, 2], rows);
}

/** Latencies of the target and the generator's own part in them. */
export function latencySection(result: RunResult): Markup {
  const note = certificationNote(result, [...LATENCY_ROWS, ...GENERATOR_ROWS]);
  return section(
    "Latency",
    markup`<p>Of sessions scheduled in the steady window that completed, in milliseconds, counted from the instant at
which the audio was <em>due</em>: lateness of the generator is inside, never flattering the server.</p>
${latencyTable(result, [
  ["the target", LATENCY_ROWS],
  ["the generator itself", GENERATOR_ROWS],
])}
<p class="note">n: values, with the sessions they come from in brackets.${note === undefined ? "" : ` ${note}.`}</p>`,
  );
}

/** NVIDIA's own figures, in a box of their own so that nobody takes one kind for the other. */
export function nvidiaBox(result: RunResult): Markup | undefined {
  if (measuredRows(result, NVIDIA_ROWS).length === 0) return undefined;
  const value = (name: string): string => optional(result.metrics[name]?.value);
  const note = certificationNote(result, NVIDIA_ROWS);
  return markup`<aside>
<h2>As NVIDIA's client counts</h2>
<p>For comparison with NVIDIA's published tables only: response <em>i</em> is paired with chunk <em>i</em> by index, from
the instant the chunk was <em>sent</em>. No SLO can be set on these figures.</p>
${latencyTable(result, [["", NVIDIA_ROWS]])}
<p class="note">RTFX over all sessions and the whole run: ${value("rtfx_nvidia_compat")}. Sessions left out because
responses and chunks could not be paired: ${value("nvidia_compat_unpaired")}.${note === undefined ? "" : ` ${note}.`}</p>
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
  if (rows.length === 0) return markup`<p>Nothing was measured.</p>`;
  return markup`<div class="wide latency" tabindex="0" role="region" aria-label="latencies">
${table(head, [...head.keys()].slice(1), rows)}</div>`;
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
    : table(["what", "phase", "origin", "sessions", "of scheduled"], [3, 4], failures)
}
${outside === undefined ? undefined : markup`<p class="note">${outside}.</p>`}</div></div>`,
  );
}

/** A heading and what stands under it. */
export function section(title: string, body: Markup): Markup {
  return markup`<section>
<h2>${title}</h2>
${body}
</section>
`;
}

function table(head: readonly string[], right: readonly number[], rows: readonly Markup[]): Markup {
  const cells = head.map((text, index) =>
    text === ""
      ? markup`<td></td>`
      : markup`<th scope="col"${right.includes(index) ? markup` class="number"` : undefined}>${text}</th>`,
  );
  return markup`<table>
<thead><tr>${cells}</tr></thead>
<tbody>
${rows}</tbody>
</table>
`;
}

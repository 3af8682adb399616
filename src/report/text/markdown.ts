/** The result as GitHub-flavoured Markdown, short enough for a comment on a pull request. */
import type { RunResult } from "../../metrics/result/result.ts";
import type { GateReport } from "../../metrics/judge/run-gate.ts";
import { differenceText, gateSentence, verdictOf } from "./gate-report.ts";
import { failureNotes, pageNote } from "../words/failure-notes.ts";
import { code, table, text } from "../words/markdown-text.ts";
import { stageRows } from "./stages.ts";
import { workerRows } from "./workers.ts";
import type { Row } from "../words/wording.ts";
import {
  certificationNote,
  checkVerdict,
  markNotes,
  GENERATOR_ROWS,
  instant,
  LATENCY_ROWS,
  measuredRows,
  observedText,
  optional,
  PERCENTILE_COLUMNS,
  percentileText,
  runFacts,
  runTitle,
  sampleText,
  unjudgedFailures,
  verdictSentence,
} from "../words/wording.ts";

const SIGNS = { pass: "✅", fail: "❌", inconclusive: "⚠️", void: "⛔", "not judged": "–" } as const;
const ROWS: readonly Row[] = [...LATENCY_ROWS, ...GENERATOR_ROWS];

/** One run; ends with a newline. */
export function renderMarkdown(result: RunResult): string {
  const { verdict, target, run } = result;
  const model = target.model === undefined ? "" : `, model ${text(target.model)}`;
  const outside = unjudgedFailures(result);
  const note = certificationNote(result, ROWS);
  const blocks = [
    `## ${SIGNS[verdict]} ${verdict.toUpperCase()}: ${text(runTitle(result))}`,
    text(verdictSentence(result)),
    ...markNotes(target).map(({ title, note }) => `> **${text(title)}**: ${note}.`),
    ...doubts(result),
    ...slos(result),
    ...latencies(result),
    ...(note === undefined ? [] : [text(`${note}.`)]),
    ...tableOf(stageRows(result)),
    ...tableOf(workerRows(result)),
    ...failures(result),
    ...(outside === undefined ? [] : [`${outside}.`]),
    table(
      ["the run", ""],
      runFacts(result).map(([label, fact]) => [label, text(fact)]),
    ),
    `${text(target.uri)}${model} · ${instant(run.startedAt)} · run ${code(run.id)} · seed ${run.seed} · plan ${code(run.planHash)} · ${text(run.tool)}`,
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** A gate over any number of runs, with what it says of the baseline; ends with a newline. */
export function renderGateMarkdown(report: GateReport): string {
  const { verdict, regression, leftOut, runs } = report;
  const sign = SIGNS[verdict === "worse" ? "fail" : verdict];
  const rows = (regression?.rows ?? []).map((row) => [
    code(row.figure.name),
    text(differenceText(row)),
    `${SIGNS[row.verdict]} ${verdictOf(row)}`,
    text(row.advice ?? ""),
  ]);
  const blocks = [
    `# ${sign} ${verdict.toUpperCase()}: ${gateSentence(report)}`,
    ...(regression === undefined
      ? []
      : [
          table([`against ${regression.baseline.length} baseline run(s)`, "difference", "verdict", ""], rows),
        ]),
    ...leftOut.map(({ run, why }) => `Left out of the baseline: ${code(run)}: ${text(why)}.`),
    ...runs.map((run) => renderMarkdown(run).trimEnd()),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** Reasons not to take the figures at their face. */
function doubts({ validity: { status, checks } }: RunResult): string[] {
  if (status === "valid") return [];
  const rows = checks.flatMap((check) =>
    check.verdict === "pass"
      ? []
      : [[code(check.name), observedText(check), text(check.limit ?? ""), text(check.advice ?? "")]],
  );
  return [table([`run ${status}`, "observed", "limit", ""], rows, [1])];
}

function slos(result: RunResult): string[] {
  if (result.slos.length === 0) return [];
  const rows = result.slos.map((check) => {
    const verdict = checkVerdict(result, check);
    const advice = verdict === "fail" || verdict === "inconclusive" ? (check.advice ?? "") : "";
    return [code(check.name), observedText(check), `${SIGNS[verdict]} ${verdict}`, text(advice)];
  });
  return [table(["SLO", "observed", "verdict", ""], rows, [1])];
}

function latencies(result: RunResult): string[] {
  const rows = measuredRows(result, ROWS).map(([label, summary]) => [
    label,
    sampleText(summary),
    ...PERCENTILE_COLUMNS.map(([name]) => percentileText(summary, name)),
    optional(summary.max),
  ]);
  if (rows.length === 0) return [];
  const head = ["latency, ms", "n", ...PERCENTILE_COLUMNS.map(([, heading]) => heading), "max"];
  return [table(head, rows, [...head.keys()].slice(1))];
}

/** Names first, then figures. */
function tableOf(found: { head: string[]; rows: string[][] } | undefined): string[] {
  if (found === undefined) return [];
  const rows = found.rows.map((cells) => cells.map(text));
  return [table(found.head, rows, [...found.head.keys()].slice(1))];
}

function failures(result: RunResult): string[] {
  const { failures: counted } = result.sessions;
  if (counted.length === 0) return [];
  const rows = [...counted]
    .sort((a, b) => b.count - a.count)
    .map(({ phase, class: kind, origin, count }) => [kind, phase, origin, `${count}`]);
  const notes = failureNotes(result).flatMap(({ class: kind, page, examples }) => [
    [`${kind}, for example (see ${text(page)}):`, "", ...examples.map((one) => `- ${text(one)}`)].join("\n"),
  ]);
  const page = pageNote(result);
  return [
    table(["failures", "phase", "origin", "sessions"], rows, [3]),
    ...notes,
    ...(page === undefined ? [] : [`${text(page)}.`]),
  ];
}

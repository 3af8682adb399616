/** The summary a person reads at the end of a run. A function of the result; the only importer of cli-table3. */
import { markWord } from "../../base/server-mark.ts";
import Table from "cli-table3";
import { printable, printableStyled } from "../../base/text/printable.ts";
import type { RunResult, Summary } from "../../metrics/result/result.ts";
import { noteLines, pageNote } from "../words/failure-notes.ts";
import { stageRows } from "./stages.ts";
import { workerRows } from "./workers.ts";
import type { Column, Row } from "../words/wording.ts";
import {
  certificationNote,
  checkVerdict,
  markLines,
  GENERATOR_ROWS,
  isCertified,
  LATENCY_ROWS,
  measuredRows,
  NVIDIA_ROWS,
  observedText,
  optional,
  PERCENTILE_COLUMNS,
  percentileText,
  runFacts,
  sampleText,
  scenarioText,
  unjudgedFailures,
  verdictSentence,
} from "../words/wording.ts";

export interface TableOptions {
  color: boolean;
  /** Where the run folder is, for the closing line. */
  folder?: string;
}

/** The whole summary, ending with a newline. */
export function renderTable(result: RunResult, options: TableOptions): string {
  const paint = painter(options.color);
  const parts = [
    heading(result, paint),
    validity(result, paint),
    slos(result, paint),
    latencies(result),
    tableOf(stageRows(result)),
    grid(
      ["the run", ""],
      runFacts(result).map((cells) => cells.map(printable)),
    ),
    tableOf(workerRows(result)),
    failures(result, paint),
    footnotes(result),
    options.folder === undefined ? "" : `run folder: ${printable(options.folder)}`,
  ];
  return `\n${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

type Color = "green" | "red" | "yellow" | "bold";
type Paint = (text: string, color: Color) => string;

function painter(color: boolean): Paint {
  const codes = { green: 32, red: 31, yellow: 33, bold: 1 };
  return (text, name) => (color ? `\u001b[${codes[name]}m${text}\u001b[0m` : text);
}

const VERDICT_COLORS = { pass: "green", fail: "red", inconclusive: "yellow", void: "red" } as const;

function heading(result: RunResult, paint: Paint): string {
  const { target, verdict } = result;
  const name = printable(scenarioText(result, "name") ?? "run");
  const word = markWord(target);
  const mark = word === undefined ? "" : `${paint(printable(word), "yellow")}, `;
  const model = target.model === undefined ? "" : `, model ${printable(target.model)}`;
  return [
    `${paint(name, "bold")} against ${paint(printable(target.name), "bold")} (${mark}${printable(target.uri)}${model})`,
    `${paint(verdict.toUpperCase(), VERDICT_COLORS[verdict])}: ${verdictSentence(result)}`,
  ].join("\n");
}

/** Only what gives reason for doubt. */
function validity({ validity: { status, checks } }: RunResult, paint: Paint): string {
  if (status === "valid") return "";
  const rows = checks.flatMap((check) =>
    check.verdict === "pass"
      ? []
      : [[printable(check.name), observedText(check), printable(check.limit ?? ""), wrapped(check.advice)]],
  );
  return grid(
    [paint(`run ${status}`, status === "void" ? "red" : "yellow"), "observed", "limit", ""],
    rows,
    [1],
  );
}

function slos(result: RunResult, paint: Paint): string {
  const rows = result.slos.map((check) => {
    const verdict = checkVerdict(result, check);
    return [
      printable(check.name),
      observedText(check),
      verdict === "not judged" ? verdict : paint(verdict, VERDICT_COLORS[verdict]),
      check.verdict === "pass" || verdict === "not judged" ? "" : wrapped(check.advice),
    ];
  });
  return rows.length === 0 ? "" : grid(["SLO", "observed", "verdict", ""], rows, [1]);
}

const LATENCY_GROUPS: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  ["", LATENCY_ROWS],
  ["as NVIDIA's client pairs them", NVIDIA_ROWS],
  ["the generator itself", GENERATOR_ROWS],
];

const ALL_ROWS = LATENCY_GROUPS.flatMap(([, rows]) => rows);

/** Without p99.9 where nothing certifies it: it takes thousands of sessions, and the page has it anyway. */
function columnsOf(result: RunResult): Column[] {
  const rows = measuredRows(result, ALL_ROWS);
  return PERCENTILE_COLUMNS.filter(
    ([name]) => name !== "p999" || rows.some(([, summary]) => isCertified(summary, name)),
  );
}

/** One grid for all groups, so that the columns stand under each other. */
function latencies(result: RunResult): string {
  const columns = columnsOf(result);
  const row = (label: string, summary: Summary): string[] => [
    label,
    sampleText(summary),
    optional(summary.mean),
    ...columns.map(([name]) => percentileText(summary, name)),
    optional(summary.max),
  ];
  const rows = LATENCY_GROUPS.flatMap(([title, metrics]) => {
    const measured = measuredRows(result, metrics).map(([label, summary]) =>
      row(title === "" ? label : `  ${label}`, summary),
    );
    return title === "" || measured.length === 0 ? measured : [[""], [title], ...measured];
  });
  if (rows.length === 0) return "";
  const head = [
    "latency of steady sessions, ms",
    "n",
    "mean",
    ...columns.map(([, heading]) => heading),
    "max",
  ];
  const padded = rows.map((cells) => head.map((_, index) => cells[index] ?? ""));
  return grid(head, padded, [...head.keys()].slice(1));
}

/** Names first, then figures. */
function tableOf(table: { head: string[]; rows: string[][] } | undefined): string {
  return table === undefined
    ? ""
    : grid(
        table.head,
        table.rows.map((cells) => cells.map(printable)),
        [...table.head.keys()].slice(1),
      );
}

function failures(result: RunResult, paint: Paint): string {
  const outside = unjudgedFailures(result) ?? "";
  const rows = [...result.sessions.failures]
    .sort((a, b) => b.count - a.count)
    .map(({ phase, class: kind, origin, count }) => [
      paint(printable(kind), "red"),
      printable(phase),
      printable(origin),
      `${count}`,
    ]);
  if (rows.length === 0) return outside;
  return [
    grid(["failures", "phase", "origin", "sessions"], rows, [3]),
    outside,
    ...noteLines(result),
    pageNote(result) ?? "",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function footnotes(result: RunResult): string {
  const certification = certificationNote(result, ALL_ROWS, columnsOf(result));
  return [
    ...(certification === undefined ? [] : [`${certification} (n in brackets: sessions)`]),
    ...markLines(result.target),
  ].join("\n");
}

/** Advice in lines short enough for a table of some 110 columns. */
function wrapped(text = "", width = 48): string {
  const lines = [""];
  for (const word of printable(text).split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** No rules: quiet on a terminal, and it survives being pasted. Text of others must have been made `printable`: a line end in a cell is obeyed. */
export function grid(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const none = [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ];
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: Object.fromEntries(none.map((name) => [name, ""])),
    colAligns: head.map((_, index) => (right.includes(index) ? "right" : "left")),
  });
  table.push(...rows.map((row) => [...row]));
  return printableStyled(table.toString())
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

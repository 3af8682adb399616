/** What `bench compare` has to say, for the terminal and as Markdown. Pure. */
import { printable } from "../../base/text/printable.ts";
import type { QuantileDifference } from "../../metrics/stats/bootstrap.ts";
import type { Comparison, ComparisonRow, ComparisonVerdict } from "../../metrics/judge/comparison.ts";
import { signed, valueText } from "./gate-report.ts";
import { gatewayNotes } from "./gateway-added.ts";
import { code, table, text } from "../words/markdown-text.ts";
import { grid } from "./table.ts";
import { markedName, markLines } from "../words/wording.ts";

/** A transcript that came most often, and how often. */
interface Heard {
  text: string;
  times: number;
  of: number;
}

/** `bench compare --json`: the comparison and what the session records add to it. */
export interface ComparisonReport extends Comparison {
  scenario: string;
  /** Pairs (or runs) that can't be believed or compared, and why. */
  leftOut: readonly { run: string; why: string }[];
  /** Of the primary figure's metric, over all sessions; the band is drawn from resampled pairs and decides nothing. */
  quantiles: { metric: string; points: readonly QuantileDifference[] };
  /** Clips whose commonest transcripts differ. */
  transcripts: readonly { clip: string; baseline: Heard; candidate: Heard }[];
}

export function comparisonSentence({ verdict, baseline, candidate, rows }: Comparison): string {
  const [a, b] = [markedName(baseline), markedName(candidate)];
  const deciding = (wanted: string): string =>
    rows
      .filter((row) => row.gating && row.verdict === wanted)
      .map(({ figure }) => figure.name)
      .join(", ");
  const sentences: Record<ComparisonVerdict, string> = {
    better: `${b} is better than ${a}: ${deciding("better")}`,
    worse: `${b} is worse than ${a}: ${deciding("worse")}`,
    mixed: `${b} is better in ${deciding("better")} and worse in ${deciding("worse")}`,
    equivalent: `${b} and ${a} are equivalent: every difference is within its margin`,
    inconclusive: `no winner between ${a} and ${b}: ${deciding("inconclusive")} could be either`,
    void: "no pair of runs can be believed: the machine was at fault",
  };
  return sentences[verdict];
}

const HEAD = ["", "baseline", "candidate", "difference", "95 % interval", "margin", "verdict"];

/** A row in words: figure, both values, difference, interval, margin, verdict. */
export function rowCells(row: ComparisonRow): string[] {
  const { figure, baseline, candidate, difference, interval, margin, verdict } = row;
  return [
    figure.name,
    baseline === undefined ? "-" : valueText(baseline, figure),
    candidate === undefined ? "-" : valueText(candidate, figure),
    difference === undefined ? "-" : signed(difference, figure),
    interval === undefined ? "-" : `${signed(interval[0], figure)} to ${signed(interval[1], figure)}`,
    margin === undefined ? "-" : valueText(margin, figure),
    verdict ?? "",
  ];
}

/** Notes under the table: what would decide, what was left out, what the figures are worth. */
export function comparisonNotes(report: ComparisonReport): string[] {
  const { rows, leftOut, transcripts, baseline, candidate, design } = report;
  const n = Math.min(baseline.runs.length, candidate.runs.length);
  const how =
    design === "interleaved pairs"
      ? `${n} pairs of runs, by turns on one plan each`
      : `stored runs: ${baseline.runs.length} and ${candidate.runs.length}, compared as two sets`;
  return [
    ...gatewayNotes(report),
    `${how}; rows without a verdict were not declared to decide`,
    ...rows.flatMap(({ figure, advice }) => (advice === undefined ? [] : [`${figure.name}: ${advice}`])),
    ...leftOut.map(({ run, why }) => `left out: ${run}: ${why}`),
    transcripts.length === 0
      ? "every clip was understood alike"
      : `${transcripts.length} clip(s) were understood differently`,
    ...markLines(baseline, candidate),
  ];
}

/** Ends with a newline. */
export function renderComparison(report: ComparisonReport): string {
  const { transcripts } = report;
  const texts = transcripts
    .slice(0, 5)
    .flatMap(({ clip, baseline, candidate }) => [
      `  ${clip}`,
      `    baseline   "${baseline.text}" (${baseline.times} of ${baseline.of})`,
      `    candidate  "${candidate.text}" (${candidate.times} of ${candidate.of})`,
    ])
    .map(printable);
  const parts = [
    printable(`${report.verdict.toUpperCase()}: ${comparisonSentence(report)}`),
    grid(
      HEAD,
      report.rows.map((row) => rowCells(row).map(printable)),
    ),
    comparisonNotes(report).map(printable).join("\n"),
    ...(texts.length === 0 ? [] : [texts.join("\n")]),
  ];
  return `\n${parts.join("\n\n")}\n`;
}

export function renderComparisonMarkdown(report: ComparisonReport): string {
  const rows = report.rows.map((row) => {
    const [name = "", ...cells] = rowCells(row);
    return [code(name), ...cells.map(text)];
  });
  const differing = report.transcripts.map(({ clip, baseline, candidate }) => [
    code(clip),
    text(`${baseline.text} (${baseline.times} of ${baseline.of})`),
    text(`${candidate.text} (${candidate.times} of ${candidate.of})`),
  ]);
  const blocks = [
    `## ${report.verdict.toUpperCase()}: ${text(comparisonSentence(report))}`,
    table(HEAD, rows, [1, 2, 3, 4, 5]),
    comparisonNotes(report)
      .map((note) => `- ${text(note)}`)
      .join("\n"),
    ...(differing.length === 0 ? [] : [table(["clip", "baseline", "candidate"], differing)]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

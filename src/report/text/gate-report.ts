/** What `bench gate` has to say, for the terminal and as Markdown: its verdict, each run's, and the baseline's. Pure. */
import { printable } from "../../base/text/printable.ts";
import type { Figure } from "../../metrics/judge/figure.ts";
import type { RegressionRow } from "../../metrics/judge/regression.ts";
import type { GateOutcome, GateReport } from "../../metrics/judge/run-gate.ts";
import type { Check } from "../../metrics/result/result.ts";
import { checkVerdict, markLines, observedText, runTitle, short } from "../words/wording.ts";
import { percent } from "../words/percent.ts";

const SENTENCES: Readonly<Record<GateOutcome, string>> = {
  pass: "every SLO holds",
  fail: "an SLO did not hold",
  worse: "every SLO holds, but the build is worse than the baseline",
  void: "a run can't be believed: it says nothing of the target",
  inconclusive: "too little was measured to judge",
};

export function gateSentence({ verdict, regression }: GateReport): string {
  const also =
    verdict === "pass" && regression !== undefined ? ", and the build is no worse than before" : "";
  return `${SENTENCES[verdict]}${also}`;
}

/** One line a check. Ends with a newline. */
export function renderGate(report: GateReport): string {
  const lines = [`${report.verdict.toUpperCase()}: ${gateSentence(report)}`];
  for (const run of report.runs) {
    lines.push("", `${runTitle(run)}, run ${run.run.id}: ${run.verdict}, ${run.validity.status}`);
    for (const check of run.validity.checks) {
      if (check.verdict !== "pass")
        lines.push(...linesOf(check.verdict === "fail" ? "void" : "doubt", check));
    }
    for (const check of run.slos) lines.push(...linesOf(checkVerdict(run, check), check));
  }
  for (const row of report.regression?.rows ?? []) {
    if (row === report.regression?.rows[0]) {
      lines.push("", `against ${report.regression.baseline.length} baseline run(s)`);
    }
    lines.push(
      `  ${verdictOf(row).padEnd(12)} ${row.figure.name}: ${differenceText(row)}`,
      ...note(row.advice),
    );
  }
  for (const { run, why } of report.leftOut) lines.push(`  left out of the baseline: ${run}: ${why}`);
  const marks = markLines(...report.runs.map(({ target }) => target));
  if (marks.length > 0) lines.push("", ...marks);
  return `${lines.map(printable).join("\n")}\n`;
}

function linesOf(verdict: string, check: Check): string[] {
  const advice = verdict === "pass" ? [] : note(check.advice);
  return [`  ${verdict.padEnd(12)} ${check.name}: ${observedText(check)}`, ...advice];
}

function note(advice: string | undefined): string[] {
  return advice === undefined ? [] : [`  ${"".padEnd(12)}   ${advice}`];
}

/** How a row of a regression reads: a failed one is "worse", a passed one "no worse". */
export function verdictOf({ verdict }: RegressionRow): "no worse" | "worse" | "inconclusive" {
  return verdict === "fail" ? "worse" : verdict === "pass" ? "no worse" : verdict;
}

/** "412 ms -> 531 ms, +119 ms [+101, +137], margin 20.6 ms", as far as it is known. */
export function differenceText(row: RegressionRow): string {
  const { figure, baseline, candidate, difference, interval, margin } = row;
  if (baseline === undefined || candidate === undefined || difference === undefined) return "-";
  const range =
    interval === undefined ? "" : ` [${signed(interval[0], figure)}, ${signed(interval[1], figure)}] at 95 %`;
  const allowed = margin === undefined ? "" : `, margin ${valueText(margin, figure)}`;
  return `${valueText(baseline, figure)} -> ${valueText(candidate, figure)}, ${signed(difference, figure)}${range}${allowed}`;
}

/** A figure's value with its unit. */
export function valueText(value: number, { unit }: Pick<Figure, "unit">): string {
  if (unit === "ratio") return percent(value);
  return unit === "ms" ? `${short(value)} ms` : short(value);
}

/** A difference with its sign. */
export function signed(value: number, figure: Pick<Figure, "unit">): string {
  const text = figure.unit === "ratio" ? (value * 100).toFixed(2) : short(value);
  return `${value > 0 ? "+" : ""}${text}${figure.unit === "ratio" ? " points" : figure.unit === "ms" ? " ms" : ""}`;
}

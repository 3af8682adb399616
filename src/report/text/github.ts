/**
 * GitHub's workflow commands: a line on standard output becomes an annotation of the job. Format and escapes:
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
import type { GateReport } from "../../metrics/judge/run-gate.ts";
import { gateSentence, differenceText, verdictOf } from "./gate-report.ts";
import { observedText } from "../words/wording.ts";

/** Annotations for all that did not pass, ending with a newline; "" when everything did. */
export function githubAnnotations(report: GateReport): string {
  const lines: string[] = [];
  for (const run of report.runs) {
    const judged = run.verdict === "void" ? run.validity.checks : run.slos;
    for (const check of judged) {
      if (check.verdict === "pass") continue;
      const level = check.verdict === "fail" ? "error" : "warning";
      lines.push(annotation(level, check.name, `${observedText(check)}. ${check.advice ?? ""}`));
    }
  }
  for (const row of report.regression?.rows ?? []) {
    if (row.verdict === "pass") continue;
    const level = row.verdict === "fail" ? "error" : "warning";
    lines.push(
      annotation(
        level,
        `${row.figure.name} ${verdictOf(row)}`,
        `${differenceText(row)}. ${row.advice ?? ""}`,
      ),
    );
  }
  if (report.verdict !== "pass" && lines.length === 0) {
    lines.push(annotation("error", report.verdict, gateSentence(report)));
  }
  return lines.map((line) => `${line}\n`).join("");
}

function annotation(level: "error" | "warning", title: string, message: string): string {
  const data = message.trim().replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = title
    .replaceAll("%", "%25")
    .replaceAll(/[\r\n]/g, " ")
    .replaceAll(":", "%3A")
    .replaceAll(",", "%2C");
  return `::${level} title=riva-bench%3A ${property}::${data}`;
}

/**
 * The figures as CSV (RFC 4180 but for the line ends), one figure a line, so that a column means the same in every run
 * and a spreadsheet or a data frame can pivot it as it likes.
 */
import { markValue } from "../../base/server-mark.ts";
import type { RunResult, Summary } from "../../metrics/result/result.ts";
import { PRINTED } from "../../metrics/stats/percentiles.ts";
import { scenarioText } from "../words/wording.ts";

const HEAD = [
  "run",
  "started_at",
  "scenario",
  "target",
  "emulated",
  "verdict",
  "stage",
  "metric",
  "unit",
  "statistic",
  "value",
  "certified",
] as const;

const STATISTICS = ["value", "count", "sessions", "min", "mean", ...PRINTED, "max", "negatives"] as const;

/** A number that counts something has no unit of its metric. */
const COUNTED: readonly string[] = ["count", "sessions", "negatives"];

type Cell = string | number | boolean;

/** Head and lines of all runs. The stage is empty for the whole window, `certified` for all but percentiles. */
export function renderCsv(runs: readonly RunResult[]): string {
  const lines = runs.flatMap((result) => {
    const { run, target, verdict } = result;
    const scenario = scenarioText(result, "name") ?? "";
    const start = [run.id, run.startedAt, scenario, target.name, markValue(target), verdict];
    return figures(result).map((figure) => [...start, ...figure]);
  });
  return [HEAD, ...lines].map((cells) => `${cells.map(cell).join(",")}\n`).join("");
}

function figures({ sessions, metrics, byStage }: RunResult): Cell[][] {
  const counts = (["scheduled", "started", "completed", "failed", "dropped"] as const).map((name) => [
    "",
    "sessions",
    "count",
    name,
    sessions[name],
    "",
  ]);
  const stages = Object.entries(byStage).flatMap(([stage, summaries]) => summarised(stage, summaries));
  return [...counts, ...summarised("", metrics), ...stages];
}

function summarised(stage: string, metrics: Readonly<Record<string, Summary>>): Cell[][] {
  return Object.entries(metrics).flatMap(([metric, summary]) =>
    STATISTICS.flatMap((statistic) => {
      const value = summary[statistic];
      if (value === undefined) return [];
      const certified = /^p\d+$/.test(statistic) ? summary.certified?.includes(statistic) === true : "";
      const unit = COUNTED.includes(statistic) ? "count" : summary.unit;
      return [[stage, metric, unit, statistic, value, certified]];
    }),
  );
}

function cell(value: Cell): string {
  if (typeof value !== "string") return `${value}`;
  // A spreadsheet takes text that begins like this for a formula, and a target names itself.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

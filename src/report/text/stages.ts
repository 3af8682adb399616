/** The stages of a run side by side: a function of the result. */
import type { RunResult, Summary } from "../../metrics/result/result.ts";
import { percentileText } from "../words/wording.ts";
import { rangeText } from "../words/accuracy-words.ts";
import { percent } from "../words/percent.ts";

const MEDIAN_AND_P95 = ["p50", "p95"] as const;
const LATENCIES = ["first_partial_from_onset", "response_latency", "final_from_speech_end"] as const;

const ACCURACY_COLUMNS = [
  ["wer", "WER"],
  ["wer_with_failures", "with failed"],
  ["cer", "CER"],
  ["cer_with_failures", "with failed"],
  ["transcript_parity", "parity"],
] as const;

/** Head and rows of the table; undefined for runs of one stage. */
export function stageRows({ byStage }: RunResult): { head: string[]; rows: string[][] } | undefined {
  const stages = Object.entries(byStage);
  if (stages.length < 2) return undefined;
  const accuracy = ACCURACY_COLUMNS.filter(([metric]) =>
    stages.some(([, metrics]) => metrics[metric]?.value !== undefined),
  );
  const head = [
    "stage, latencies in ms",
    "sessions",
    "first partial p50",
    "p95",
    "response p50",
    "p95",
    "final p50",
    "p95",
    "errors",
    ...accuracy.map(([, label]) => label),
  ];
  const rows = stages.map(([name, metrics]) => [
    name,
    `${metrics["error_ratio"]?.count ?? 0}`,
    ...LATENCIES.flatMap((metric) => MEDIAN_AND_P95.map((stat) => cell(metrics[metric], stat))),
    ratio(metrics["error_ratio"]),
    ...accuracy.map(([metric]) => rate(metrics[metric])),
  ]);
  return { head, rows };
}

/** "26.09 % (12.41 to 39.60 %)"; the interval only where it is known. */
function rate(summary: Summary | undefined): string {
  const range = rangeText(summary?.low, summary?.high);
  return range === "-" ? ratio(summary) : `${ratio(summary)} (${range})`;
}

function ratio(summary: Summary | undefined): string {
  return summary?.value === undefined ? "-" : percent(summary.value);
}

function cell(summary: Summary | undefined, stat: "p50" | "p95"): string {
  return summary === undefined ? "-" : percentileText(summary, stat);
}

/** What every report calls things and how it writes numbers: one vocabulary for the terminal and the page. */
import { accuracyFacts } from "./accuracy-words.ts";
import { percent } from "./percent.ts";
import type { ServerMark } from "../../base/server-mark.ts";
import { commonMark, markWord } from "../../base/server-mark.ts";
import { referenceNote } from "./failure-notes.ts";
import type { Attribution, Check, RunResult, RunVerdict, Summary } from "../../metrics/result/result.ts";
import { METRICS, metricNamed } from "../../metrics/catalogue/catalogue.ts";
import type { MetricGroup } from "../../metrics/catalogue/metric.ts";
import { CERTIFIED_FROM } from "../../metrics/stats/certainty.ts";
import type { PrintedPercentile } from "../../metrics/stats/percentiles.ts";
import { percentileTitle, PRINTED } from "../../metrics/stats/percentiles.ts";
import { remoteFact } from "./remote-fact.ts";

/** A metric and the heading that people know it by. */
export type Row = readonly [metric: string, label: string];

export const LATENCY_ROWS: readonly Row[] = rowsOf("latencies");
export const NVIDIA_ROWS: readonly Row[] = rowsOf("nvidia");
export const GENERATOR_ROWS: readonly Row[] = rowsOf("generator");

/** The heading of a metric, its name where tables have no row for it. */
export function headingOf(name: string): string {
  return metricNamed(name)?.row?.label ?? name;
}

function rowsOf(group: MetricGroup): readonly Row[] {
  return METRICS.flatMap(({ name, row }) => (row?.group === group ? [{ name, ...row }] : []))
    .sort((a, b) => a.place - b.place)
    .map(({ name, label }) => [name, label]);
}

/** Percentile columns and their headings. */
export const PERCENTILE_COLUMNS = PRINTED.map((name) => [name, percentileTitle(name)] as const);

export type Column = (typeof PERCENTILE_COLUMNS)[number];

/** Rows of which something was measured. */
export function measuredRows(
  { metrics }: RunResult,
  rows: readonly Row[],
): [label: string, summary: Summary][] {
  return rows.flatMap(([metric, label]) => {
    const summary = metrics[metric];
    return summary === undefined || summary.count === 0 ? [] : [[label, summary]];
  });
}

export function isCertified(summary: Summary, percentile: PrintedPercentile): boolean {
  return summary.certified?.includes(percentile) === true;
}

/** A percentile as printed: `-` when absent, `~` before one that its sample is too small to certify. */
export function percentileText(summary: Summary, percentile: PrintedPercentile): string {
  const value = summary[percentile];
  if (value === undefined) return "-";
  return `${isCertified(summary, percentile) ? "" : "~"}${short(value)}`;
}

/** The number of values, with that of sessions where the two differ in kind. */
export function sampleText({ count, sessions }: Summary): string {
  return sessions === undefined ? `${count}` : `${count} (${sessions})`;
}

/** What `~` means, when a report of these rows and columns holds one; otherwise undefined. */
export function certificationNote(
  result: RunResult,
  rows: readonly Row[],
  columns: readonly Column[] = PERCENTILE_COLUMNS,
): string | undefined {
  return uncertifiedNote(
    measuredRows(result, rows).map(([, summary]) => summary),
    columns,
  );
}

/** The same for any figures. */
export function uncertifiedNote(
  summaries: readonly Summary[],
  columns: readonly Column[] = PERCENTILE_COLUMNS,
): string | undefined {
  const needs = columns.flatMap(([name, heading]) =>
    summaries.some((summary) => summary[name] !== undefined && !isCertified(summary, name))
      ? [`${heading} needs ${CERTIFIED_FROM[name] ?? "more"}`]
      : [],
  );
  return needs.length === 0
    ? undefined
    : `~ too few sessions to certify at 99 % confidence: ${needs.join(", ")}`;
}

const EMULATED_NOTE = "these figures show that the harness works; they say nothing of any real server";
const STAND_IN_NOTE = "it really listens, but its accuracy and its speed say nothing of Riva or a NIM";

/** The label beside every figure of a target that is not a product, for each kind, with its note. */
export function markNotes(
  ...targets: readonly ServerMark[]
): { word: string; title: string; note: string }[] {
  const { emulated, standIn } = commonMark(targets);
  return [
    ...(emulated ? [{ word: "emulated", title: "Emulated", note: EMULATED_NOTE }] : []),
    ...(standIn === undefined
      ? []
      : [{ word: `stand-in: ${standIn}`, title: `Stand-in: ${standIn}`, note: STAND_IN_NOTE }]),
  ];
}

/** `markNotes` as lines. */
export function markLines(...targets: readonly ServerMark[]): string[] {
  return markNotes(...targets).map(({ word, note }) => `${word}: ${note}`);
}

/** A target's name, never without the word when it is no product. */
export function markedName({ name, ...mark }: ServerMark & { name: string }): string {
  const word = markWord(mark);
  return word === undefined ? name : `${name} (${word})`;
}

/** The scenario's own name; results are read from files, so it may be anything. */
export function scenarioText({ scenario }: RunResult, key: "name" | "description"): string | undefined {
  if (typeof scenario !== "object" || scenario === null) return undefined;
  const value = (scenario as Record<string, unknown>)[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Scenario and target, with the label that figures of an emulator or stand-in must carry. */
export function runTitle(result: RunResult): string {
  return `${scenarioText(result, "name") ?? "run"} against ${markedName(result.target)}`;
}

/** The verdict in one sentence. */
export function verdictSentence({ verdict, validity, slos, run }: RunResult): string {
  const of = (kind: Check["verdict"]): string => {
    const n = slos.filter((check) => check.verdict === kind).length;
    return `${n} of ${slos.length} ${slos.length === 1 ? "SLO" : "SLOs"}`;
  };
  const sentences: Record<RunVerdict, string> = {
    pass: `The run is ${validity.status} and every SLO holds.`,
    fail: `The run is ${validity.status} and ${of("fail")} did not hold.`,
    inconclusive: `The run is ${validity.status}, ${validity.status === "valid" ? "but" : "and"} too little was measured to judge ${of("inconclusive")}.`,
    void: "The run can't be believed: it says nothing of the target.",
  };
  if (run.shard !== undefined && verdict === "inconclusive")
    sentences.inconclusive = `Not decided: this is shard ${run.shard.index} of ${run.shard.count}, ${validity.status} for its part. \`bench merge\` judges the whole run.`;
  else if (verdict === "inconclusive" && slos.every((check) => check.verdict === "pass"))
    sentences.inconclusive = `The run is ${validity.status} and every SLO holds so far.`;
  return sentences[verdict] + (run.interrupted ? " It was interrupted: this is a partial result." : "");
}

/** A check's verdict as printed: a run that can't be believed passes and fails nothing. */
export function checkVerdict({ verdict }: RunResult, check: Check): Check["verdict"] | "not judged" {
  return verdict === "void" ? "not judged" : check.verdict;
}

/** The run in figures, as label and text; what was not measured is left out. */
export function runFacts({
  sessions,
  metrics,
  window,
  dataset,
  scenario,
  run,
  target,
  attribution = [],
}: RunResult): [label: string, text: string][] {
  const { scheduled, completed, failed, dropped } = sessions;
  const measured = (label: string, name: string, text: (value: number) => string): [string, string][] => {
    const value = metrics[name]?.value;
    return value === undefined ? [] : [[label, text(value)]];
  };
  const unjudged = referenceNote(dataset);
  const most = metrics["concurrency"]?.max;
  const [upwr, erasure, surprise] = ["upwr", "erasure", "final_surprise"].map((name) => metrics[name]?.mean);
  return [
    ["sessions", `${scheduled} scheduled = ${completed} completed + ${failed} failed + ${dropped} dropped`],
    ...measured(
      "concurrency",
      "concurrency",
      (mean) => `mean ${mean.toFixed(2)}${most === undefined ? "" : `, max ${most}`}`,
    ),
    ...measured("errors", "error_ratio", (ratio) => `${percent(ratio)} of sessions`),
    ...measured("goodput", "goodput", (ratio) => `${percent(ratio)} of sessions met every SLO`),
    ...measured("throughput", "rtfx", (rtfx) => `RTFX ${rtfx.toFixed(2)}`),
    ...measured(
      "throughput",
      "rtfx_offline",
      (rtfx) => `RTFX ${rtfx.toFixed(1)}, without the pace of a microphone`,
    ),
    ...measured(
      "keep-up",
      "keep_up",
      (ratio) => `the server advanced at ${ratio.toFixed(3)} of the pace of the audio`,
    ),
    ...(upwr === undefined || erasure === undefined || surprise === undefined
      ? []
      : [["partials", partialsText(upwr, erasure, surprise)] as [string, string]]),
    ...accuracyFacts(metrics),
    ...attribution.map(({ metric, says }) => [ATTRIBUTED_TO[metric], says] as [string, string]),
    ...errorFact(run),
    [
      "window",
      `${seconds(window.steadyMs)} after ${seconds(window.warmupMs)} of warm-up, then ${seconds(window.drainMs)} of drain`,
    ],
    ...routeFacts(target),
    ...transportFact(scenario),
    ...remoteFact(run),
    ["audio", `${dataset.clips} clips, ${dataset.audioSeconds.toFixed(1)} s (${dataset.name})`],
    ...(unjudged === undefined ? [] : [["not judged", unjudged] as [string, string]]),
  ];
}

/** Whose p95 it is that the server's own metrics explain. */
const ATTRIBUTED_TO: Readonly<Record<Attribution["metric"], string>> = {
  response_latency: "response p95",
  first_partial_from_onset: "partial p95",
  final_from_speech_end: "final p95",
};

/** Which transport ran, and over how many processes. */
function transportFact(scenario: unknown): [string, string][] {
  const transport = typeof scenario === "object" && (scenario as { transport?: unknown } | null)?.transport;
  return typeof transport === "string" ? [["transport", transport]] : [];
}

/** The harness's own error, where this machine was calibrated. */
function errorFact({ calibration }: RunResult["run"]): [string, string][] {
  if (calibration === undefined) return [];
  const { at, biasMs, p99Ms, upToStreams, beyond } = calibration;
  const known = `±${short(p99Ms)} ms (p99; mean ${biasMs < 0 ? "" : "+"}${short(biasMs)} ms) up to ${upToStreams} streams on this machine`;
  const when = `bench calibrate, ${at.slice(0, 10)}`;
  return [
    [
      "harness error",
      beyond
        ? `unknown: this run had more streams than were calibrated; ${known} (${when})`
        : `${known} (${when})`,
    ],
  ];
}

/** Means over the sessions. */
function partialsText(upwr: number, erasure: number, surprise: number): string {
  return `UPWR ${upwr.toFixed(3)}, erasure ${erasure.toFixed(3)}, final surprise ${surprise.toFixed(3)} per final word`;
}

/** Failures outside the window, which are not judged; undefined when there are none. */
export function unjudgedFailures({ sessionsByPhase: { warmup, drain } }: RunResult): string | undefined {
  const others = warmup.failed + drain.failed;
  return others === 0 ? undefined : `${others} more failed in warm-up and drain, which are not judged`;
}

/** What a check found, in the unit that its limit is written in. */
export function observedText({ observed, limit = "" }: Check): string {
  if (observed === undefined) return "-";
  if (limit.endsWith("%")) return percent(observed);
  if (/\d(ms|us|s)$/.test(limit)) return `${short(observed)} ms`;
  const noun = /^\d+( [a-z]+)$/.exec(limit)?.[1] ?? "";
  return `${Number.isInteger(observed) ? observed : short(observed)}${noun}`;
}

/** Three significant digits, which is what the histograms hold; no exponent. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.01 ? 2 : 4);
}

export function optional(value: number | undefined): string {
  return value === undefined ? "-" : short(value);
}

/** An ISO 8601 instant as people read it. */
export function instant(iso: string): string {
  return iso.replace(/T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, " $1 UTC");
}

/** Milliseconds as seconds. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms % 1000 === 0 ? 0 : 1)} s`;
}

/** How connections went to the target, where there is more to say than its address. */
function routeFacts({ proxy, addresses = [] }: RunResult["target"]): [label: string, text: string][] {
  const shares = addresses.map(({ address, sessions, leftOut }) =>
    leftOut === undefined ? `${address}: ${sessions} sessions` : `${address}: left out (${leftOut})`,
  );
  return [
    ...(proxy === undefined ? [] : [["proxy", proxy] as [string, string]]),
    ...(shares.length === 0 ? [] : [["addresses", shares.join("; ")] as [string, string]]),
  ];
}

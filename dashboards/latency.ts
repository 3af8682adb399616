/** Everything the catalogue measures of the server as a heat map, with sessions to look at: what callers feel first. */
import { defined } from "../src/base/defined.ts";
import { METRICS } from "../src/metrics/catalogue/catalogue.ts";
import { EMISSION_METRICS } from "../src/metrics/catalogue/emission.ts";
import { ENDPOINTING_METRICS } from "../src/metrics/catalogue/endpointing.ts";
import { familyName } from "../src/watch/exposition.ts";
import { LATENCY_METRICS } from "../src/metrics/catalogue/latency.ts";
import type { Metric } from "../src/metrics/catalogue/metric.ts";
import { NVIDIA_COMPAT_METRICS } from "../src/metrics/catalogue/nvidia-compat.ts";
import { STABILITY_METRICS } from "../src/metrics/catalogue/stability.ts";
import type { Board, Row } from "./board.ts";
import type { PanelSpec, Unit } from "./panels.ts";
import { percentile, rate } from "./promql.ts";

/** Open at once: how soon words come, how soon they are final, how soon the server answers anything. */
const FIRST: ReadonlySet<string> = new Set([
  "first_partial_from_onset",
  "final_from_speech_end",
  "response_latency",
]);

/** What the server and the way to it are answerable for; the generator's own part has a board of its own. */
const OF_THE_SERVER = METRICS.filter(({ per, ofFailed }) => per !== "run" && ofFailed !== true);

/** Closed rows by subject. The last takes all others, so that a new metric is on the board whatever it is about. */
const SUBJECTS: readonly (readonly [subject: string, metrics: readonly Metric[]])[] = [
  ["Other latencies", LATENCY_METRICS],
  ["What finals wait for", ENDPOINTING_METRICS],
  ["Single words", EMISSION_METRICS],
  ["Words that change", STABILITY_METRICS],
  ["As NVIDIA's client counts", NVIDIA_COMPAT_METRICS],
  ["Keeping up", METRICS],
];

function unitOf({ unit }: Metric): Unit {
  if (unit === "ms") return "s";
  return unit === "ratio" ? "percentunit" : "none";
}

function title({ name }: Metric): string {
  return name
    .replaceAll("_", " ")
    .replace(/^./, (letter) => letter.toUpperCase())
    .replace(/^(Upwr|Rtf|Nvidia)\b/, (word) => (word === "Nvidia" ? "NVIDIA" : word.toUpperCase()))
    .replace("NVIDIA compat", "NVIDIA's rules:");
}

/** What not every run has, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  backlog_slope: "no data: a slope needs sessions longer than these",
  endpointing_wait: "no data: no final came by the server's endpointing, before the end of the stream",
};

function withoutData({ name }: Metric): { without?: string } {
  return defined({ without: WITHOUT[name] });
}

function heatMap(metric: Metric): PanelSpec {
  return {
    kind: "heatmap",
    title: title(metric),
    help: `${metric.help} Each dot is the slowest session of an interval: its number is in sessions.ndjson of the run.`,
    unit: unitOf(metric),
    ...withoutData(metric),
    queries: [
      {
        expr: `sum by (le) (${rate(`${familyName(metric)}_bucket`, 'phase=~"$phase"')})`,
        legend: "{{le}}",
      },
    ],
  };
}

function percentiles(metric: Metric): PanelSpec {
  return {
    kind: "lines",
    title: `${title(metric)}: percentiles`,
    help: `${metric.help} Interpolated in buckets; exact ones are in the result.`,
    unit: unitOf(metric),
    ...withoutData(metric),
    queries: [0.5, 0.9, 0.99].map((p) => ({
      expr: percentile(p, familyName(metric)),
      legend: `p${p * 100} {{scenario}} {{target}}`,
    })),
  };
}

function panels(metrics: readonly Metric[]): PanelSpec[] {
  return metrics.flatMap((metric) => [heatMap(metric), percentiles(metric)]);
}

/** One row a subject, named by its subject and the metrics that are in it. */
function closedRows(): Row[] {
  const left = new Set(OF_THE_SERVER.filter(({ name }) => !FIRST.has(name)));
  return SUBJECTS.map(([subject, metrics]) => {
    const inside = metrics.filter((metric) => left.delete(metric));
    const names = inside.map((metric) => title(metric).replace(/^NVIDIA's rules: /, ""));
    return { title: `${subject}: ${inWords(names)}`, panels: panels(inside), collapsed: true };
  });
}

/** Small letters but for abbreviations. */
function inWords(names: readonly string[]): string {
  return names.map((name) => (/^[A-Z]{2}/.test(name) ? name : name.toLowerCase())).join(", ");
}

export const LATENCY: Board = {
  uid: "riva-bench-latency",
  title: "riva-bench / Latencies",
  description:
    "Heat maps show what percentiles hide: two humps, a slow tail, a change in the middle of a run. Closed rows hold the rest.",
  rows: [
    ...OF_THE_SERVER.filter(({ name }) => FIRST.has(name)).map((metric) => ({
      title: title(metric),
      panels: panels([metric]),
    })),
    ...closedRows(),
  ],
};

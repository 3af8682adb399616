/** Everything the catalogue measures of the server as a heat map, with sessions to look at. */
import { METRICS } from "../src/metrics/catalogue.ts";
import { familyName } from "../src/metrics/exposition.ts";
import type { Metric } from "../src/metrics/metric.ts";
import type { Board } from "./board.ts";
import type { PanelSpec, Unit } from "./panels.ts";
import { percentile, rate } from "./promql.ts";

/** What the server and the way to it are answerable for; the generator's own part has a board of its own. */
const OF_THE_SERVER = METRICS.filter(({ per, ofFailed }) => per !== "run" && ofFailed !== true);

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

/** What short sessions don't have. */
function withoutData({ name }: Metric): { without?: string } {
  return name === "backlog_slope" ? { without: "no data: a slope needs sessions longer than these" } : {};
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

export const LATENCY: Board = {
  uid: "riva-bench-latency",
  title: "riva-bench / Latencies",
  description:
    "Heat maps show what percentiles hide: two humps, a slow tail, a change in the middle of a run.",
  rows: OF_THE_SERVER.map((metric) => ({
    title: title(metric),
    panels: [heatMap(metric), percentiles(metric)],
  })),
};

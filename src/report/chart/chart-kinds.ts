/** Which charts a report draws over the time of a run, in their order: one entry each. */
import type { TimelineMetric, TimelinePoint } from "../../metrics/result/result.ts";
import type { ServerPoint } from "../../metrics/result/server-side.ts";
import type { Chart } from "./chart.ts";

/** How a chart reads a point of the timeline; left out when no point has a value. */
export type ChartKind = Omit<Chart, "points" | "spans"> & {
  /** One value for each series. */
  of: (point: TimelinePoint) => readonly (number | undefined)[];
  /** Whose SLOs are drawn as limits. */
  metric?: string;
  /** By the target's own metrics: a title says whose, and whether a real server's. */
  ofServer?: true;
};

export const CHART_KINDS: readonly ChartKind[] = [
  latencyKind("first-partial", "First partial from onset", "first_partial_from_onset"),
  latencyKind("final", "Final from speech end", "final_from_speech_end"),
  latencyKind("backlog", "Backlog of audio at the target", "backlog"),
  {
    id: "open",
    title: "Sessions open",
    unit: "",
    series: ["open"],
    drawn: "lines",
    whole: true,
    of: ({ open }) => [open],
  },
  {
    id: "ended",
    title: "Sessions completed per second",
    unit: "/s",
    series: ["completed"],
    drawn: "lines",
    of: (point) => [perSecond(point, point.ended.completed)],
  },
  {
    id: "failures",
    title: "Sessions failed or dropped per second",
    unit: "/s",
    series: ["failed"],
    drawn: "bars",
    of: (point) => [perSecond(point, point.ended.failed + point.ended.dropped)],
  },
  ofServer("server-time", "request time", "ms", {
    queue: ({ queueMs }) => queueMs,
    compute: ({ computeMs }) => computeMs,
  }),
  ofServer("server-requests", "requests", "/s", {
    ended: ({ requests }) => requests,
    failed: ({ failures }) => failures,
  }),
  {
    ...ofServer("server-pending", "requests waiting", "", { waiting: ({ pending }) => pending }),
    whole: true,
  },
  ofServer("server-batch", "batch size", "", { mean: ({ batch }) => batch }),
  ofServer("gpu", "GPU utilisation", "%", {
    busiest: ({ gpuUtilization }) => gpuUtilization && gpuUtilization * 100,
  }),
  ofServer("gpu-memory", "GPU memory", "GiB", {
    used: ({ gpuMemoryBytes }) => gpuMemoryBytes && gpuMemoryBytes / 2 ** 30,
  }),
  ofServer("gpu-power", "GPU power", "W", { drawn: ({ gpuPowerWatts }) => gpuPowerWatts }),
  {
    id: "lateness",
    title: "Generator: send lateness",
    unit: "ms",
    series: ["p50", "p99"],
    drawn: "lines",
    of: percentiles("send_lateness", ["p50", "p99"]),
  },
  {
    id: "loop",
    title: "Generator: longest event-loop delay",
    unit: "ms",
    series: ["delay"],
    drawn: "lines",
    of: ({ loopDelayMs }) => [loopDelayMs],
  },
];

function latencyKind(id: string, title: string, metric: string): ChartKind {
  const series = ["p50", "p95", "p99"] as const;
  return { id, title, unit: "ms", series, drawn: "lines", metric, of: percentiles(metric, series) };
}

function perSecond({ fromMs, toMs }: TimelinePoint, count: number): number {
  // What ended in the last fraction of a second is no rate of many more.
  return count / (Math.max(1000, toMs - fromMs) / 1000);
}

function percentiles(metric: string, names: readonly (keyof TimelineMetric)[]): ChartKind["of"] {
  return ({ metrics }) => names.map((name) => metrics[metric]?.[name]);
}

/** What the target's own metrics said, where they were read (`cli/server-scrape.ts`). */
function ofServer(
  id: string,
  title: string,
  unit: string,
  series: Readonly<Record<string, (point: ServerPoint) => number | undefined>>,
): ChartKind {
  return {
    ...{ id, title, unit, ofServer: true },
    series: Object.keys(series),
    drawn: "lines",
    of: ({ server }) =>
      Object.values(series).map((value) => (server === undefined ? undefined : value(server))),
  };
}

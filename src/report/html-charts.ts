/** The charts of a run over time, from its timeline. */
import type { RunResult, TimelineMetric, TimelinePoint } from "../metrics/result.ts";
import type { Chart, ChartPoint, ChartSpan } from "./chart.ts";
import { renderChart } from "./chart.ts";
import { limitsOf } from "./limits.ts";
import { markup, trusted, type Markup } from "./markup.ts";
import { zoomData } from "./zoom-data.ts";

type Kind = Omit<Chart, "points" | "spans"> & {
  /** One value for each series. */
  of: (point: TimelinePoint) => readonly (number | undefined)[];
  /** Whose SLOs are drawn as limits. */
  metric?: string;
};

const KINDS: readonly Kind[] = [
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
  {
    id: "lateness",
    title: "The generator: send lateness",
    unit: "ms",
    series: ["p50", "p99"],
    drawn: "lines",
    of: percentiles("send_lateness", ["p50", "p99"]),
  },
  {
    id: "loop",
    title: "The generator: longest event-loop delay",
    unit: "ms",
    series: ["delay"],
    drawn: "lines",
    of: ({ loopDelayMs }) => [loopDelayMs],
  },
];

function latencyKind(id: string, title: string, metric: string): Kind {
  const series = ["p50", "p95", "p99"] as const;
  return { id, title, unit: "ms", series, drawn: "lines", metric, of: percentiles(metric, series) };
}

function perSecond({ fromMs, toMs }: TimelinePoint, count: number): number {
  return count / ((toMs - fromMs) / 1000);
}

function percentiles(metric: string, names: readonly (keyof TimelineMetric)[]): Kind["of"] {
  return ({ metrics }) => names.map((name) => metrics[metric]?.[name]);
}

/** As many points as a chart can show apart. */
const MOST_POINTS = 240;

/**
 * All charts, side by side where there is room, of what the timeline holds. With them, for the script of the page
 * (`html-script.ts`), every point of them.
 */
export function chartsOverTime(result: RunResult): Markup {
  const { timeline, window } = result;
  if (timeline.length === 0) return markup`<p>Nothing was recorded.</p>`;
  const each = Math.ceil(timeline.length / MOST_POINTS);
  const spans = unjudgedSpans(window);
  const charts = KINDS.flatMap(({ of, metric, ...kind }) => {
    if (!timeline.some((point) => of(point).some((value) => value !== undefined))) return [];
    const chart = { ...kind, spans, limits: metric === undefined ? [] : limitsOf(result, metric) };
    return [{ ...chart, points: reduce(timeline, of, each), every: reduce(timeline, of, 1) }];
  });
  const reduced =
    each === 1
      ? ""
      : ` <span class="still">Every point is the highest of ${each} points of result.json.</span>`;
  return markup`<p>A session counts in the second in which it ended. Shaded: warm-up and drain, which are not judged.${trusted(reduced)}
<span class="zoomed">Drag across a chart to zoom into all of them. <button type="button" id="zoom-out" hidden>Show the whole run</button></span></p>
<div class="charts">
${charts.map((chart) => renderChart(chart))}</div>
${zoomData(spans, charts)}
`;
}

/** What is shown and not judged. */
export function unjudgedSpans({ warmupMs, steadyMs, drainMs }: RunResult["window"]): ChartSpan[] {
  const endMs = warmupMs + steadyMs;
  return [
    { label: "warm-up", fromMs: 0, toMs: warmupMs },
    { label: "drain", fromMs: endMs, toMs: endMs + drainMs },
  ];
}

/**
 * Every `each` points as one: the highest value, for that is what people look for; percentiles of several seconds can't
 * be averaged.
 */
function reduce(timeline: readonly TimelinePoint[], of: Kind["of"], each: number): ChartPoint[] {
  const points: ChartPoint[] = [];
  for (let at = 0; at < timeline.length; at += each) {
    const group = timeline.slice(at, at + each);
    const values = group.map((point) => of(point));
    points.push({
      fromMs: Math.min(...group.map(({ fromMs }) => fromMs)),
      toMs: Math.max(...group.map(({ toMs }) => toMs)),
      values: (values[0] ?? []).map((_, series) => highest(values.map((row) => row[series]))),
    });
  }
  return points;
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  const finite = values.flatMap((value) => (value !== undefined && Number.isFinite(value) ? [value] : []));
  return finite.length === 0 ? undefined : Math.max(...finite);
}

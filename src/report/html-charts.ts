/** The charts of a run over time, from its timeline. */
import type { RunResult, TimelineMetric, TimelinePoint } from "../metrics/result.ts";
import type { Chart, ChartPoint, ChartSpan } from "./chart.ts";
import { renderChart } from "./chart.ts";
import { markup, type Markup } from "./markup.ts";

type Kind = Omit<Chart, "points" | "spans"> & {
  /** One value for each series. */
  of: (point: TimelinePoint) => readonly (number | undefined)[];
};

const KINDS: readonly Kind[] = [
  {
    id: "first-partial",
    title: "First partial from speech onset",
    unit: "ms",
    series: ["p50", "p95"],
    drawn: "lines",
    of: percentiles("first_partial_from_onset", ["p50", "p95"]),
  },
  {
    id: "final",
    title: "Final from speech end",
    unit: "ms",
    series: ["p50", "p95"],
    drawn: "lines",
    of: percentiles("final_from_speech_end", ["p50", "p95"]),
  },
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
    id: "failures",
    title: "Sessions failed per second",
    unit: "/s",
    series: ["failed"],
    drawn: "bars",
    of: ({ ended, fromMs, toMs }) => [ended.failed / ((toMs - fromMs) / 1000)],
  },
  {
    id: "lateness",
    title: "The generator: send lateness, p99",
    unit: "ms",
    series: ["p99"],
    drawn: "lines",
    of: percentiles("send_lateness", ["p99"]),
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

function percentiles(metric: string, names: readonly (keyof TimelineMetric)[]): Kind["of"] {
  return ({ metrics }) => names.map((name) => metrics[metric]?.[name]);
}

/** As many points as a chart can show apart. */
const MOST_POINTS = 240;

/** All charts, side by side where there is room. */
export function chartsOverTime({ timeline, window }: RunResult): Markup {
  if (timeline.length === 0) return markup`<p>Nothing was recorded.</p>`;
  const each = Math.ceil(timeline.length / MOST_POINTS);
  const spans = unjudgedSpans(window);
  const charts = KINDS.map(({ of, ...chart }) =>
    renderChart({ ...chart, points: reduce(timeline, of, each), spans }),
  );
  const reduced = each === 1 ? "" : ` Every point is the highest of ${each} points of result.json.`;
  return markup`<p>A session counts in the second in which it ended. Shaded: warm-up and drain, which are not judged.${reduced}</p>
<div class="charts">
${charts}</div>`;
}

function unjudgedSpans({ warmupMs, steadyMs, drainMs }: RunResult["window"]): ChartSpan[] {
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

/** The charts of a run over time, from its timeline. */
import type { RunResult, TimelinePoint } from "../../metrics/result/result.ts";
import type { ChartPoint, ChartSpan } from "../chart/chart.ts";
import { renderChart } from "../chart/chart.ts";
import { CHART_KINDS, type ChartKind } from "../chart/chart-kinds.ts";
import { limitsOf } from "../chart/limits.ts";
import { markup, trusted, type Markup } from "../words/markup.ts";
import { zoomData } from "./zoom-data.ts";

/** As many points as a chart can show apart. */
const MOST_POINTS = 240;

/**
 * All charts, side by side where there is room, of what the timeline holds. With them, for the script of the page
 * (`html-script.ts`), every point of them.
 */
export function chartsOverTime(result: RunResult): Markup {
  const { timeline } = result;
  if (timeline.length === 0) return markup`<p>Nothing was recorded.</p>`;
  const each = Math.ceil(timeline.length / MOST_POINTS);
  const spans = unjudgedSpans(result);
  const server = result.target.emulated
    ? "Emulated server"
    : result.target.standIn === undefined
      ? "Server"
      : "Stand-in";
  const charts = CHART_KINDS.flatMap(({ of, metric, ofServer, ...kind }) => {
    if (!timeline.some((point) => of(point).some((value) => value !== undefined))) return [];
    const title = ofServer === true ? `${server}: ${kind.title}` : kind.title;
    const chart = { ...kind, title, spans, limits: metric === undefined ? [] : limitsOf(result, metric) };
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

/** What is shown and not judged. A machine that stood still may come to the end of the drain later than planned. */
export function unjudgedSpans({
  window: { warmupMs, steadyMs, drainMs },
  timeline,
}: Pick<RunResult, "window" | "timeline">): ChartSpan[] {
  const endMs = warmupMs + steadyMs;
  const last = timeline.at(-1);
  const drainedMs = last?.phase === "drain" ? last.toMs : 0;
  return [
    { label: "warm-up", fromMs: 0, toMs: warmupMs },
    { label: "drain", fromMs: endMs, toMs: Math.max(endMs + drainMs, drainedMs) },
  ];
}

/**
 * Every `each` points as one: the highest value, for that is what people look for; percentiles of several seconds can't
 * be averaged.
 */
function reduce(timeline: readonly TimelinePoint[], of: ChartKind["of"], each: number): ChartPoint[] {
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

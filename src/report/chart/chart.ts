/** A chart over the time of a run as inline SVG: no script, readable in print and by a screen reader. Pure. */
import { frameOf, limitLine, round, shade, timeTicks, yTick } from "./chart-frame.ts";
import { axisTicks } from "./chart-scale.ts";
import { markup, type Markup } from "../words/markup.ts";

/** What was seen in one interval: a value for each series of the chart, undefined where there is none. */
export interface ChartPoint {
  fromMs: number;
  toMs: number;
  values: readonly (number | undefined)[];
}

/** A part of the run in which nothing is judged: drawn shaded. */
export interface ChartSpan {
  label: string;
  fromMs: number;
  toMs: number;
}

export interface Chart {
  /** Unique in the page, a valid element id. */
  id: string;
  title: string;
  /** Of the values. */
  unit: string;
  /** Names of the series. */
  series: readonly string[];
  drawn: "lines" | "bars";
  /** The values are counts: no ticks between whole numbers. */
  whole?: true;
  points: readonly ChartPoint[];
  spans: readonly ChartSpan[];
  /** What the values are held to; drawn where it is not far above all of them. */
  limits?: readonly ChartLimit[];
}

export interface ChartLimit {
  label: string;
  value: number;
  /** Of a limit on a percentile: 0.95 for p95. */
  share?: number;
}

const FRAME = frameOf(360, 180);

const MOST_TICKS = 5;

/** A figure with its caption, legend and drawing. */
export function renderChart(chart: Chart): Markup {
  const legend = chart.series.map((name, index) => markup`<span class="key s${index}">${name}</span>`);
  return markup`<figure data-chart="${chart.id}">
<figcaption>${chart.title}${chart.series.length > 1 ? legend : []}</figcaption>
${drawing(chart)}
</figure>
`;
}

/** The limits that belong into a picture of these values: one far above would press them flat. */
export function limitsInSight(
  limits: readonly ChartLimit[] | undefined,
  highest: number,
): readonly ChartLimit[] {
  return (limits ?? []).filter(({ value }) => value <= 2 * highest);
}

function drawing(chart: Chart): Markup {
  const { id, title, unit, points, spans } = chart;
  const all = points.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const endMs = Math.max(1000, ...[...points, ...spans].map(({ toMs }) => toMs));
  const limits = limitsInSight(chart.limits, Math.max(0, ...all));
  // A twentieth of room, so that no line runs along the upper edge.
  const highest = Math.max(0, ...all, ...limits.map(({ value }) => value)) * 1.05;
  const yTicks = axisTicks(Math.min(0, ...all), highest, MOST_TICKS, chart.whole === true ? 1 : 0);
  const { width, height, left, right, top, bottom } = FRAME;
  const x = (ms: number): number => round(left + (ms / endMs) * (right - left));
  const [low = 0, high = 1] = [yTicks[0], yTicks.at(-1)];
  const y = (value: number): number => round(bottom - ((value - low) / (high - low)) * (bottom - top));

  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${description(chart)}</desc>
${spans.map((span) => shade(FRAME, span, x))}
<text x="${left - 4}" y="10" class="end">${unit}</text>
${yTicks.map((tick) => yTick(FRAME, `${tick}`, y(tick)))}
${timeTicks(FRAME, endMs, x)}
${limits.map(({ label, value }) => limitLine(FRAME, label, y(value)))}${chart.series.map((_, index) => markup`${seriesShape(chart, index, x, y)}\n`)}</svg>`;
}

function seriesShape(
  { drawn, points }: Chart,
  index: number,
  x: (ms: number) => number,
  y: (value: number) => number,
): Markup {
  const known = points.flatMap(({ fromMs, toMs, values }) => {
    const value = values[index];
    return value === undefined ? [] : [{ fromMs, toMs, value }];
  });
  if (drawn === "bars") {
    const bars = known.filter(({ value }) => value !== 0);
    const d = bars.map(({ fromMs, toMs, value }) => `M${x(fromMs)} ${y(0)}V${y(value)}H${x(toMs)}V${y(0)}Z`);
    return markup`<path class="bar s${index}" d="${d.join("")}"/>`;
  }
  let lastMs = NaN;
  const d = known.map(({ fromMs, toMs, value }) => {
    // Where an interval has no value the line is broken; the zero-length segment makes a lone value a dot.
    const at = `${x((fromMs + toMs) / 2)} ${y(value)}`;
    const command = Math.abs(fromMs - lastMs) < 1 ? `L${at}` : `M${at}h0`;
    lastMs = toMs;
    return command;
  });
  return markup`<path class="line s${index}" d="${d.join("")}"/>`;
}

/** The chart in words. */
function description({ series, unit, points }: Chart): string {
  const ranges = series.map((name, index) => {
    const values = points.flatMap(({ values }) => values[index] ?? []);
    if (values.length === 0) return `${name}: nothing measured`;
    const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => round(value));
    return `${name}: ${least === most ? `always ${most}` : `${least} to ${most}`} ${unit}`.trimEnd();
  });
  return `Over the time of the run. ${ranges.join("; ")}.`;
}

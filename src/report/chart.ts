/** A chart over the time of a run as inline SVG: no script, readable in print and by a screen reader. Pure. */
import { axisTicks, timeUnit } from "./chart-scale.ts";
import { markup, type Markup } from "./markup.ts";

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
}

/** Size in user units, about CSS pixels at the width that a column of the page has. */
const WIDTH = 360;
const HEIGHT = 180;
const PLOT = { left: 40, right: WIDTH - 10, top: 20, bottom: HEIGHT - 22 };

const MOST_TICKS = 5;

/** A figure with its caption, legend and drawing. */
export function renderChart(chart: Chart): Markup {
  const legend = chart.series.map((name, index) => markup`<span class="key s${index}">${name}</span>`);
  return markup`<figure>
<figcaption>${chart.title}${chart.series.length > 1 ? legend : []}</figcaption>
${drawing(chart)}
</figure>
`;
}

function drawing(chart: Chart): Markup {
  const { id, title, unit, points, spans } = chart;
  const all = points.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const endMs = Math.max(1000, ...[...points, ...spans].map(({ toMs }) => toMs));
  // A twentieth of room, so that no line runs along the upper edge.
  const highest = Math.max(0, ...all) * 1.05;
  const yTicks = axisTicks(Math.min(0, ...all), highest, MOST_TICKS, chart.whole === true ? 1 : 0);
  const x = (ms: number): number => round(PLOT.left + (ms / endMs) * (PLOT.right - PLOT.left));
  const [low = 0, high = 1] = [yTicks[0], yTicks.at(-1)];
  const y = (value: number): number =>
    round(PLOT.bottom - ((value - low) / (high - low)) * (PLOT.bottom - PLOT.top));

  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${description(chart)}</desc>
${spans.map((span) => shade(span, x))}
<text x="${PLOT.left - 4}" y="10" class="end">${unit}</text>
${yTicks.map((tick) => yTick(tick, y(tick)))}
${timeTicks(endMs, x)}
${chart.series.map((_, index) => markup`${seriesShape(chart, index, x, y)}\n`)}</svg>`;
}

function shade({ label, fromMs, toMs }: ChartSpan, x: (ms: number) => number): Markup {
  const width = round(x(toMs) - x(fromMs));
  if (width <= 0) return markup``;
  const middle = round(x(fromMs) + width / 2);
  // A label that doesn't fit says less than none.
  const text =
    width < label.length * 5.5
      ? undefined
      : markup`<text x="${middle}" y="${PLOT.top + 10}" class="mid label">${label}</text>`;
  return markup`<rect class="shade" x="${x(fromMs)}" y="${PLOT.top}" width="${width}" height="${PLOT.bottom - PLOT.top}"/>${text}
`;
}

function yTick(tick: number, at: number): Markup {
  return markup`<path class="grid" d="M${PLOT.left} ${at}H${PLOT.right}"/><text x="${PLOT.left - 4}" y="${round(at + 4)}" class="end">${tick}</text>
`;
}

function timeTicks(endMs: number, x: (ms: number) => number): Markup[] {
  const unit = timeUnit(endMs);
  return axisTicks(0, endMs / unit.ms, MOST_TICKS)
    .filter((tick) => tick * unit.ms <= endMs)
    .map(
      (
        tick,
      ) => markup`<path class="tick" d="M${x(tick * unit.ms)} ${PLOT.bottom}v4"/><text x="${x(tick * unit.ms)}" y="${PLOT.bottom + 16}" class="mid">${tick} ${unit.name}</text>
`,
    );
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

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

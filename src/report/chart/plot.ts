/** A plot of values over any quantity as inline SVG: lines, one band, marked places. No script; a title and a description. */
import { axisTicks } from "./chart-scale.ts";
import { markup, type Markup } from "../words/markup.ts";

export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
  /** How far each point may be off: a bar from low to high. */
  bars?: readonly (readonly [x: number, low: number, high: number])[];
}

export interface Plot {
  /** Unique in the page, a valid element id. */
  id: string;
  title: string;
  xLabel: string;
  yUnit: string;
  /** Drawn as lines with dots, in the colour of their index. */
  series: readonly Series[];
  /** Between low and high, behind the first series. */
  band?: readonly (readonly [x: number, low: number, high: number])[];
  /** Horizontal lines, such as a limit. */
  levels?: readonly { y: number; label: string }[];
  /** Vertical lines, such as a capacity. */
  places?: readonly { x: number; label: string }[];
}

const WIDTH = 520;
const HEIGHT = 240;
const BAR_APART = 4;
const AREA = { left: 52, right: WIDTH - 12, top: 20, bottom: HEIGHT - 34 };

/** Nothing to draw gives a paragraph that says so. */
export function drawPlot(plot: Plot): Markup {
  const { id, title, xLabel, yUnit, series, band = [], levels = [], places = [] } = plot;
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return markup`<p class="note">${title}: nothing to draw.</p>`;
  const xs = [...points.map(([x]) => x), ...places.map(({ x }) => x)];
  const ys = [
    ...points.map(([, y]) => y),
    ...[...band, ...series.flatMap(({ bars = [] }) => bars)].flatMap(([, low, high]) => [low, high]),
    ...levels.map(({ y }) => y),
  ];
  const xTicks = axisTicks(Math.min(0, ...xs), Math.max(0, ...xs), 8);
  const yTicks = axisTicks(Math.min(0, ...ys), Math.max(0, ...ys), 6);
  const x = scale(xTicks, Math.min(...xs), Math.max(...xs), AREA.left, AREA.right);
  const y = scale(yTicks, Math.min(0, ...ys), Math.max(0, ...ys), AREA.bottom, AREA.top);
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${inWords(plot)}</desc>
<text x="${AREA.left - 4}" y="10" class="end">${yUnit}</text>
${yTicks.map((tick) => markup`<path class="grid" d="M${AREA.left} ${y(tick)}H${AREA.right}"/><text x="${AREA.left - 4}" y="${y(tick) + 4}" class="end">${tick}</text>\n`)}
${xTicks.map((tick) => markup`<path class="tick" d="M${x(tick)} ${AREA.bottom}v4"/><text x="${x(tick)}" y="${AREA.bottom + 16}" class="mid">${tick}</text>\n`)}
<text x="${(AREA.left + AREA.right) / 2}" y="${HEIGHT - 4}" class="mid">${xLabel}</text>
${band.length === 0 ? undefined : markup`<path class="shade" d="M${[...band.map(([at, low]) => `${x(at)} ${y(low)}`), ...[...band].reverse().map(([at, , high]) => `${x(at)} ${y(high)}`)].join("L")}Z"/>`}
${levels.map(({ y: at, label }) => markup`<path class="tick" stroke-dasharray="4 3" d="M${AREA.left} ${y(at)}H${AREA.right}"/><text x="${AREA.right}" y="${y(at) - 4}" class="end label">${label}</text>\n`)}
${places.map(({ x: at, label }) => markup`<path class="tick" stroke-dasharray="4 3" d="M${x(at)} ${AREA.top}V${AREA.bottom}"/><text x="${x(at)}" y="${AREA.top - 4}" class="mid label">${label}</text>\n`)}
${series.map((one, index) => markup`<path class="line s${index}" d="M${one.points.map(([px, py]) => `${x(px)} ${y(py)}`).join("L")}"/>${one.points.map(([px, py]) => markup`<path class="line s${index} dot" d="M${x(px)} ${y(py)}h0"/>`)}${(one.bars ?? []).map((bar) => whisker(bar, index))}\n`)}</svg>`;

  /** Bars of several series at one place stand beside each other. */
  function whisker([at, low, high]: readonly [number, number, number], index: number): Markup {
    const middle = x(at) + BAR_APART * index;
    return markup`<path class="line s${index} bar" d="M${middle} ${y(low)}V${y(high)}M${middle - 3} ${y(low)}h6M${middle - 3} ${y(high)}h6"/>`;
  }
}

/** Maps what the ticks and the values span onto pixels. */
function scale(
  ticks: readonly number[],
  least: number,
  most: number,
  from: number,
  to: number,
): (value: number) => number {
  const low = Math.min(least, ...ticks);
  const high = Math.max(most, ...ticks);
  const width = high - low || 1;
  return (value) => Math.round((from + ((value - low) / width) * (to - from)) * 100) / 100;
}

function inWords({ series, yUnit, xLabel }: Plot): string {
  const parts = series.map(({ name, points }) => {
    const ys = points.map(([, y]) => y);
    return `${name}: ${Math.min(...ys).toFixed(1)} to ${Math.max(...ys).toFixed(1)} ${yUnit}`;
  });
  return `Over ${xLabel}. ${parts.join("; ")}.`;
}

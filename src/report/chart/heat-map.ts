/** Latency over time as a map: how many sessions ended when, with what latency. The latency's axis is logarithmic. */
import { frameOf, round, shade, timeTicks, yTick } from "./chart-frame.ts";
import type { ChartSpan } from "./chart.ts";
import { markup, type Markup } from "../words/markup.ts";
import type { HeatMap } from "../../metrics/result/session-digest.ts";
import { heatRow, heatRowStartMs } from "../../metrics/result/session-digest.ts";
import { short } from "../words/wording.ts";

const FRAME = frameOf(540, 260);

/** Shades of one color, the last for the fullest cell. */
const LEVELS = 5;

/** A figure; undefined when no session had a value. */
export function heatMapFigure(
  { metric, columnMs, cells }: HeatMap,
  title: string,
  spans: readonly ChartSpan[],
): Markup | undefined {
  if (cells.length === 0) return undefined;
  const id = `heat-${metric}`;
  const [rows, most] = [cells.map(([, row]) => row), Math.max(...cells.map(([, , count]) => count))];
  // A row of room on both sides.
  const [lowest, highest] = [Math.max(0, Math.min(...rows) - 1), Math.max(...rows) + 2];
  const endMs = Math.max(
    ...cells.map(([column]) => (column + 1) * columnMs),
    ...spans.map(({ toMs }) => toMs),
  );
  // The last column is whole, and of the phase in which the run ended.
  const lastMs = Math.max(...spans.map(({ toMs }) => toMs));
  const shades = spans.map((span) => (span.toMs === lastMs ? { ...span, toMs: endMs } : span));
  const { width, height, left, right, top, bottom } = FRAME;
  const x = (ms: number): number => round(left + (ms / endMs) * (right - left));
  const y = (row: number): number => round(bottom - ((row - lowest) / (highest - lowest)) * (bottom - top));
  const paths = Array.from({ length: LEVELS }, (_, level) => {
    const d = cells
      .filter(([, , count]) => levelOf(count, most) === level)
      .map(([column, row]) => {
        const from = x(column * columnMs);
        const across = round(Math.max(1, x((column + 1) * columnMs) - from - 0.5));
        return `M${from} ${y(row)}h${across}V${round(y(row + 1) + 0.5)}h${-across}z`;
      });
    return markup`<path class="heat h${level}" d="${d.join("")}"/>\n`;
  });
  const scale = Array.from({ length: LEVELS }, (_, level) => markup`<i class="h${level}"></i>`);
  return markup`<figure>
<figcaption>${title} <span class="scale">${most === 1 ? markup`<i class="h${LEVELS - 1}"></i> 1 session` : markup`1 ${scale} ${most} sessions`}</span></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}: sessions by time and latency</title>
<desc id="${id}-desc">${description(rows)}</desc>
${shades.map((span) => shade(FRAME, span, x))}
<text x="${left - 4}" y="10" class="end">ms</text>
${latencyTicks(lowest, highest).map((ms) => yTick(FRAME, `${ms}`, y(exactRow(ms))))}
${timeTicks(FRAME, endMs, x)}
${paths}</svg>
</figure>
`;
}

/** Even a single session must be seen, and a factor of two be told apart among few and among many: the root. */
function levelOf(count: number, most: number): number {
  return most === 1 ? LEVELS - 1 : Math.round(Math.sqrt((count - 1) / (most - 1)) * (LEVELS - 1));
}

/** Where a latency lies among the rows, not only in which one. */
function exactRow(ms: number): number {
  const row = heatRow(ms);
  if (row === 0) return 1;
  const [from, to] = [heatRowStartMs(row), heatRowStartMs(row + 1)];
  return row + Math.log(ms / from) / Math.log(to / from);
}

/** Leading digits of ticks, from those for maps that span decades to those for less than a factor of two. */
const TICKS = [
  [1],
  [1, 2, 5],
  [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.3, 3.6, 4, 4.5, 5, 5.5, 6, 7, 8, 9],
] as const;

/** The fewest that tell a scale: three, or what the finest have. */
function latencyTicks(lowest: number, highest: number): number[] {
  let ticks: number[] = [];
  for (const digits of TICKS) {
    ticks = [0, 1, 2, 3, 4, 5, 6]
      .flatMap((decade) => digits.map((digit) => Math.round(digit * 10 ** decade * 10) / 10))
      .filter((ms) => exactRow(ms) >= lowest && exactRow(ms) <= highest);
    if (ticks.length >= 3) return ticks;
  }
  return ticks;
}

function description(rows: readonly number[]): string {
  const [low, high] = [Math.min(...rows), Math.max(...rows)];
  const from = low === 0 ? "below 1" : short(heatRowStartMs(low));
  return `Sessions had latencies from ${from} to ${short(heatRowStartMs(high + 1))} ms.`;
}

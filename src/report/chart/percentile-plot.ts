/**
 * The distribution of latencies as HdrHistogram users draw it: the percentile to the right, stretched so that every further
 * nine takes the same room, the latency upwards. Solid as far as the sample certifies it, dashed beyond.
 */
import { Histogram } from "../../metrics/record/histogram.ts";
import { ticksPerUnit } from "../../metrics/catalogue/metric.ts";
import type { RunResult, Summary } from "../../metrics/result/result.ts";
import { PERCENTILES } from "../../metrics/stats/percentiles.ts";
import { frameOf, round, xTick, yTick } from "./chart-frame.ts";
import { axisTicks } from "./chart-scale.ts";
import type { ChartLimit } from "./chart.ts";
import { limitsInSight } from "./chart.ts";
import { limitsOf } from "./limits.ts";
import { markup, type Markup } from "../words/markup.ts";
import type { Row } from "../words/wording.ts";
import { short } from "../words/wording.ts";

const FRAME = frameOf(540, 260);

const LABEL_HEIGHT = 12;

/** Points of a curve for each further nine. */
const POINTS_A_NINE = 16;

interface Curve {
  name: string;
  points: readonly { nines: number; ms: number }[];
  /** As far as the sample certifies it. */
  certifiedNines: number;
  limits: readonly ChartLimit[];
}

/** A figure of the metrics that were measured; undefined when there are none. */
export function percentilePlot(result: RunResult, rows: readonly Row[]): Markup | undefined {
  const curves = rows.flatMap(([metric, label]) =>
    curveOf(label, result.metrics[metric], limitsOf(result, metric)),
  );
  if (curves.length === 0) return undefined;
  const legend = curves.map(({ name }, index) => markup`<span class="key s${index}">${name}</span>`);
  return markup`<figure>
<figcaption>Percentiles${legend}</figcaption>
${drawing(curves)}
</figure>
`;
}

/** Nothing for a metric without a histogram. */
function curveOf(name: string, summary: Summary | undefined, limits: readonly ChartLimit[]): Curve[] {
  if (summary?.histogram === undefined || summary.count === 0) return [];
  const histogram = Histogram.decode(summary.histogram, ticksPerUnit(summary.unit));
  // The last value of all is one in `count`: no percentile lies beyond it.
  const last = Math.log10(Math.max(10, summary.count));
  const steps = Math.ceil(last * POINTS_A_NINE);
  const points = Array.from({ length: steps + 1 }, (_, step) => {
    const nines = (step / steps) * last;
    return { nines, ms: histogram.percentile(100 * (1 - 10 ** -nines)) ?? NaN };
  });
  const certified = (summary.certified ?? []).map((percentile) => ninesOf(PERCENTILES[percentile] ?? 0));
  return [{ name, points, certifiedNines: Math.max(0, ...certified), limits }];
}

function ninesOf(share: number): number {
  return -Math.log10(1 - share);
}

function drawing(curves: readonly Curve[]): Markup {
  const all = curves.flatMap(({ points }) => points.map(({ ms }) => ms));
  const inSight = (limits: readonly ChartLimit[]): readonly ChartLimit[] =>
    limitsInSight(limits, Math.max(0, ...all));
  const shown = curves.flatMap(({ limits }) => inSight(limits));
  const highest = Math.max(0, ...all, ...shown.map(({ value }) => value)) * 1.05;
  const yTicks = axisTicks(Math.min(0, ...all), highest, 5);
  const last = Math.max(...curves.map(({ points }) => points.at(-1)?.nines ?? 0));
  const { width, height, left, right, top, bottom } = FRAME;
  const [low = 0, high = 1] = [yTicks[0], yTicks.at(-1)];
  const x = (nines: number): number => round(left + (nines / last) * (right - left));
  const y = (ms: number): number => round(bottom - ((ms - low) / (high - low)) * (bottom - top));
  const path = (points: Curve["points"]): string =>
    points.map(({ nines, ms }, index) => `${index === 0 ? "M" : "L"}${x(nines)} ${y(ms)}`).join("");
  const shapes = curves.map(({ points, certifiedNines }, index) => {
    const sure = points.filter(({ nines }) => nines <= certifiedNines + 1e-9);
    return markup`<path class="line s${index}" d="${path(sure)}"/><path class="line beyond s${index}" d="${path(points.slice(Math.max(0, sure.length - 1)))}"/>
`;
  });
  const ticks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999].filter(
    (share) => ninesOf(share) <= last,
  );
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="percentiles-title percentiles-desc">
<title id="percentiles-title">Latency by percentile</title>
<desc id="percentiles-desc">${description(curves)}</desc>
<text x="${left - 4}" y="10" class="end">ms</text>
${yTicks.map((tick) => yTick(FRAME, `${tick}`, y(tick)))}
${ticks.map((share) => xTick(FRAME, share === 0 ? "min" : `p${Number((share * 100).toPrecision(6))}`, x(ninesOf(share))))}
${shapes}${limitMarks(
    curves.map(({ limits }) => inSight(limits)),
    x,
    y,
  )}</svg>`;
}

/** SLOs as gallows: the curve has to pass below the end. Labels of two that are close make way for each other. */
function limitMarks(
  limits: readonly (readonly ChartLimit[])[],
  x: (nines: number) => number,
  y: (ms: number) => number,
): Markup[] {
  const heights = limits.flatMap((of) => of.map(({ value }) => y(value)));
  return limits.flatMap((of, series) =>
    of.flatMap(({ label, value, share }) => {
      if (share === undefined) return [];
      const [at, across] = [y(value), x(ninesOf(share))];
      const above = heights.some((other) => other < at && at - other < LABEL_HEIGHT);
      const below = heights.some((other) => other > at && other - at < LABEL_HEIGHT);
      const text = round(at + (above ? 10 : below ? -2 : 4));
      return [
        markup`<path class="limit s${series}" d="M${FRAME.left} ${at}H${across}m0-4v8"/><text x="${across + 6}" y="${text}" class="limit-label s${series}">${label}</text>
`,
      ];
    }),
  );
}

function description(curves: readonly Curve[]): string {
  return curves
    .map(({ name, points }) => {
      const [first, last] = [points[0]?.ms ?? NaN, points.at(-1)?.ms ?? NaN];
      return `${name}: from ${short(first)} to ${short(last)} ms.`;
    })
    .join(" ");
}

/** The points of the charts for the page's script, as JSON inside the page. */
import type { Chart, ChartPoint, ChartSpan } from "../chart/chart.ts";
import { limitsInSight } from "../chart/chart.ts";
import { markup, trusted, type Markup } from "../words/markup.ts";

/** Element that holds the data. */
export const ZOOM_DATA_ID = "over-time-data";

/** A chart with all of its points. */
type ZoomedChart = Omit<Chart, "points"> & { every: readonly ChartPoint[] };

/** @param charts of one timeline */
export function zoomData(spans: readonly ChartSpan[], charts: readonly ZoomedChart[]): Markup {
  const points = charts[0]?.every ?? [];
  const data = {
    seconds: points.map(({ fromMs, toMs }) => rounded((fromMs + toMs) / 2000)),
    spans: spans.map(({ label, fromMs, toMs }) => ({ label, from: fromMs / 1000, to: toMs / 1000 })),
    charts: charts.map(({ id, unit, series, drawn, whole, every, limits }) => {
      const columns = series.map((_, index) => every.map(({ values }) => rounded(values[index])));
      const highest = columns.flat().reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
      return {
        id,
        unit,
        series,
        drawn,
        whole: whole === true,
        limits: limitsInSight(limits, highest),
        columns,
      };
    }),
  };
  // JSON may hold "</script>" only within strings, where the escape means the same.
  const text = JSON.stringify(data).replaceAll("<", "\\u003c");
  return markup`<script type="application/json" id="${ZOOM_DATA_ID}">${trusted(text)}</script>`;
}

/** Four digits are more than a screen shows. */
function rounded(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(4));
}

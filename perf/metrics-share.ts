/**
 * Metrics on against off. The generator of the rows (`our-generator.ts`) records nothing and shows nothing: that is off. On
 * is that plus what the metrics take at the same number of streams: recording each session, a worker's second encoded and
 * merged, and a scrape every second, measured in the same run. Summed, not run side by side: two runs differ by more than this.
 */
import type { Row } from "./measure.ts";
import type { MetricsCost } from "./metrics-cost.ts";
import { measureMetricsCost } from "./metrics-cost.ts";
import { renderTable } from "./report.ts";

export interface MetricsShare {
  transport: string;
  streams: number;
  offUsPerStreamSecond: number;
  onUsPerStreamSecond: number;
}

/** Of the sessions that are measured: a stream begins the next when one ends. */
const SESSION_S = 5;

/** @param cost at as many sessions a second as these streams make */
export function metricsShare(
  { transport, streams, cpuUsPerStreamSecond }: Pick<Row, "transport" | "streams" | "cpuUsPerStreamSecond">,
  cost: MetricsCost,
): MetricsShare {
  const aSecond = cost.encodeUsPerSnapshot + cost.mergeUsPerSnapshot + cost.exposeUsPerScrape;
  return {
    transport,
    streams,
    offUsPerStreamSecond: cpuUsPerStreamSecond,
    onUsPerStreamSecond: cpuUsPerStreamSecond + cost.recordUsPerSession / SESSION_S + aSecond / streams,
  };
}

export async function measureMetricsShares(rows: readonly Row[]): Promise<MetricsShare[]> {
  const shares: MetricsShare[] = [];
  for (const streams of new Set(rows.map((row) => row.streams))) {
    const cost = await measureMetricsCost(Math.max(1, Math.round(streams / SESSION_S)));
    for (const row of rows) if (row.streams === streams) shares.push(metricsShare(row, cost));
  }
  return shares;
}

export function renderMetricsShares(shares: readonly MetricsShare[]): string {
  const percent = ({ offUsPerStreamSecond: off, onUsPerStreamSecond: on }: MetricsShare): string =>
    `+${((on / off - 1) * 100).toFixed(1)} %`;
  const table = renderTable<MetricsShare>(
    [
      ["metrics on/off", 16, ({ transport }) => transport],
      ["streams", 9, ({ streams }) => String(streams)],
      ["off us/stream-s", 17, ({ offUsPerStreamSecond }) => offUsPerStreamSecond.toFixed(0)],
      ["on us/stream-s", 17, ({ onUsPerStreamSecond }) => onUsPerStreamSecond.toFixed(0)],
      ["change", 10, percent],
    ],
    shares,
  );
  return `${table}\non = recording, a worker's snapshot and a scrape, each second, in every process together\n`;
}

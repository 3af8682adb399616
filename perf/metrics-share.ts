/**
 * What metrics take of the generator's CPU. The generator of the rows (`our-generator.ts`) records nothing and shows nothing:
 * that is off. Recording, a worker's second encoded and merged, and scrapes, measured in the same run, are added to it. Summed,
 * not run side by side: two runs differ by more than this.
 */
import type { Row } from "./measure.ts";
import type { MetricsCost } from "./metrics-cost.ts";
import { measureMetricsCost } from "./metrics-cost.ts";
import { renderTable } from "./report.ts";

/** CPU of all processes together, microseconds per stream-second. */
export interface MetricsShare {
  transport: string;
  streams: number;
  off: number;
  /** With what every run does: it has a result. */
  recorded: number;
  /** And what `--metrics-port` adds to it. */
  scraped: number;
}

/** Of the sessions that are measured: a stream begins the next when one ends. */
const SESSION_S = 5;
/** As `deploy/prometheus.yml` has it. */
const SCRAPE_EVERY_S = 5;

/** @param cost at as many sessions a second as these streams make */
export function metricsShare(
  {
    transport,
    streams,
    cpuUsPerStreamSecond: off,
  }: Pick<Row, "transport" | "streams" | "cpuUsPerStreamSecond">,
  cost: MetricsCost,
): MetricsShare {
  const aSecond = cost.encodeUsPerSnapshot + cost.mergeUsPerSnapshot;
  const recorded = off + cost.recordUsPerSession / SESSION_S + aSecond / streams;
  const scraped = recorded + cost.exposeUsPerScrape / SCRAPE_EVERY_S / streams;
  return { transport, streams, off, recorded, scraped };
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
  const more = (on: number, off: number): string => `+${((on / off - 1) * 100).toFixed(1)} %`;
  const table = renderTable<MetricsShare>(
    [
      ["metrics", 12, ({ transport }) => transport],
      ["streams", 9, ({ streams }) => String(streams)],
      ["off us/stream-s", 17, ({ off }) => off.toFixed(0)],
      ["recorded", 10, ({ recorded }) => recorded.toFixed(0)],
      ["", 9, ({ recorded, off }) => more(recorded, off)],
      ["scraped", 9, ({ scraped }) => scraped.toFixed(0)],
      ["", 9, ({ scraped, recorded }) => more(scraped, recorded)],
    ],
    shares,
  );
  return (
    `${table}\nrecorded = with the metrics of every session and a worker's snapshot each second, as every run has them; ` +
    `scraped = and with a scrape every ${SCRAPE_EVERY_S} s (--metrics-port)\n`
  );
}

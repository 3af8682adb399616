/** The figures as a person reads them. */
import type { Row } from "./measure.ts";
import { isHonest } from "./measure.ts";
import type { MetricsCost } from "./metrics-cost.ts";
import type { Scaling } from "./scaling.ts";

const COLUMNS: readonly (readonly [heading: string, width: number, cell: (row: Row) => string])[] = [
  ["transport", 12, (row) => row.transport],
  ["streams", 9, (row) => String(row.streams)],
  ["late p99 ms", 13, (row) => row.latenessP99Ms.toFixed(1)],
  ["wire p99 ms", 13, (row) => row.wireLatenessP99Ms.toFixed(1)],
  ["stamp p50/p99", 15, (row) => `${row.stampErrorP50Ms.toFixed(1)}/${row.stampErrorP99Ms.toFixed(1)}`],
  ["CPU us/stream-s", 17, (row) => row.cpuUsPerStreamSecond.toFixed(0)],
  ["RSS KB/stream", 15, (row) => row.rssKbPerStream.toFixed(0)],
  ["server CPU", 12, (row) => `${(row.serverCpu * 100).toFixed(0)} %`],
  ["foreign CPU", 13, (row) => (row.foreignCpu === null ? "-" : `${(row.foreignCpu * 100).toFixed(0)} %`)],
  ["", 0, note],
];

/** A table of `rows` under their headings; the first column is flush left, a heading's width is its column's. */
export function renderTable<Row>(
  columns: readonly (readonly [heading: string, width: number, cell: (row: Row) => string])[],
  rows: readonly Row[],
): string {
  const line = (textOf: (column: (typeof columns)[number]) => string): string =>
    columns
      .map((column, i) => (i === 0 ? textOf(column).padEnd(column[1]) : textOf(column).padStart(column[1])))
      .join("")
      .trimEnd();
  return [line(([heading]) => heading), ...rows.map((row) => line(([, , cell]) => cell(row)))].join("\n");
}

/** The table, the ratios of the baseline to ours, and the largest honest number of streams of each transport. */
export function renderReport(rows: readonly Row[], baseline: string): string {
  const transports = [...new Set(rows.map((row) => row.transport))];
  return [
    renderTable(COLUMNS, rows),
    "",
    ...rows.flatMap((row) =>
      ratioLine(
        row,
        rows.find((other) => other.transport === baseline && other.streams === row.streams),
      ),
    ),
    "",
    ...transports.map(
      (transport) => `${transport}: ${honestLine(rows.filter((row) => row.transport === transport))}`,
    ),
    "stamp = error of a response's time stamp, ms: when it was heard minus when the server wrote it",
    "foreign CPU = what others took of the generator's core: a busy machine makes late streams",
    "honest = p99 lateness below 10 ms at the application and on the wire, every stream completed",
    "",
  ].join("\n");
}

export function renderMetricsCost(cost: MetricsCost): string {
  const us = (value: number): string => `${value.toFixed(1)} us`;
  return (
    `metrics: ${us(cost.recordUsPerSession)} to record a session, ${us(cost.lineUsPerSession)} for its line; ` +
    `a worker's second: ${us(cost.encodeUsPerSnapshot)} to encode, ${us(cost.mergeUsPerSnapshot)} to merge; ` +
    `a scrape: ${us(cost.exposeUsPerScrape)}\n`
  );
}

export function renderScaling({ transport, streamsPerProcess, one, two, factor, honest }: Scaling): string {
  return (
    `${transport}: two processes of ${streamsPerProcess} streams give ${factor.toFixed(2)}x one, ` +
    `wire p99 ${one.wireLatenessP99Ms.toFixed(1)} and ${two.wireLatenessP99Ms.toFixed(1)} ms` +
    `${honest ? "" : ", not honest"}\n`
  );
}

/** Largest honest number of streams, counting up from the smallest measured; 0 when not even that is. */
export function largestHonest(rows: readonly Row[]): number {
  let largest = 0;
  for (const row of [...rows].sort((a, b) => a.streams - b.streams)) {
    if (!isHonest(row)) break;
    largest = row.streams;
  }
  return largest;
}

function honestLine(rows: readonly Row[]): string {
  const largest = largestHonest(rows);
  const limit = largest === Math.max(...rows.map((row) => row.streams)) ? " (the most that was tried)" : "";
  return `${largest} honest streams on one core${limit}`;
}

function ratioLine(row: Row, baseline: Row | undefined): string[] {
  if (baseline === undefined || baseline === row) return [];
  const times = (of: (row: Row) => number): string => `${(of(baseline) / of(row)).toFixed(2)}x`;
  return [
    `${baseline.transport} : ${row.transport} at ${row.streams} streams: CPU ${times((r) => r.cpuUsPerStreamSecond)}, ` +
      `wire p99 ${times((r) => r.wireLatenessP99Ms)}, RSS ${times((r) => r.rssKbPerStream)}`,
  ];
}

function note(row: Row): string {
  const notes = [
    ...(row.valid ? [] : ["invalid: the null server was too busy"]),
    ...(row.completed === row.streams ? [] : [`${row.streams - row.completed} streams failed`]),
  ];
  return notes.length === 0 ? "" : `  ${notes.join(", ")}`;
}

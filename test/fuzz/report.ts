/** The table at the end. */
import type { Figures } from "./messages.ts";

export interface Row {
  name: string;
  executions: number;
  busyMs: number;
  slowestMs: number;
  kinds: number;
  /** What the slices after the first left behind. */
  leftBytes: number;
  finds: number;
  /** Its thread was lost: not run any more. */
  stuck: boolean;
  addSlice(figures: Figures, round: number): void;
  /** The next slices are of another thread, which counts from 0. */
  threadLost(): void;
  perSecond(): number;
}

const COLUMNS = [
  "target",
  "executions",
  "per second",
  "slowest ms",
  "outcomes",
  "memory kB",
  "finds",
] as const;

export function printTable(rows: readonly Row[]): void {
  const cells = rows.map((row) => [
    row.name,
    String(row.executions),
    String(row.perSecond()),
    row.slowestMs.toFixed(0),
    String(row.kinds),
    Math.round(row.leftBytes / 1024).toString(),
    `${row.finds}${row.stuck ? " (stuck)" : ""}`,
  ]);
  const sum = (of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const busyMs = sum(({ busyMs }) => busyMs);
  cells.push([
    "all",
    String(sum(({ executions }) => executions)),
    Math.round(sum(({ executions }) => executions) / Math.max(1, busyMs / 1000)).toString(),
    Math.max(0, ...rows.map(({ slowestMs }) => slowestMs)).toFixed(0),
    String(sum(({ kinds }) => kinds)),
    Math.round(sum(({ leftBytes }) => leftBytes) / 1024).toString(),
    String(sum(({ finds }) => finds)),
  ]);
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  process.stdout.write(`\n${[COLUMNS, ...cells].map(line).join("\n")}\n`);
}

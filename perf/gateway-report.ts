/** The gateway's figures as a person reads them. */
import type { GatewayRow } from "./gateway.ts";
import { isUsable, keepsItsGoal } from "./gateway.ts";
import { renderTable } from "./report.ts";

type Cell = (row: GatewayRow) => string;

const pair = (p50: number, p99: number): string => `${p50.toFixed(1)}/${p99.toFixed(1)}`;
const orDash = (value: number | null, print: (value: number) => string): string =>
  value === null ? "-" : print(value);
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

const COLUMNS: readonly (readonly [heading: string, width: number, cell: Cell])[] = [
  ["gateway", 10, (row) => row.dialect],
  ["sessions", 9, (row) => String(row.sessions)],
  ["up p50/p99 ms", 15, (row) => pair(row.upP50Ms, row.upP99Ms)],
  ["down p50/p99", 14, (row) => pair(row.downP50Ms, row.downP99Ms)],
  ["both p50/p99", 14, (row) => pair(row.bothP50Ms, row.bothP99Ms)],
  ["CPU us/stream-s", 17, (row) => orDash(row.cpuUsPerStreamSecond, (us) => us.toFixed(0))],
  ["RSS KB/session", 16, (row) => orDash(row.rssKbPerSession, (kb) => kb.toFixed(0))],
  ["callers late p99", 18, (row) => row.latenessP99Ms.toFixed(1)],
  ["load CPU", 10, (row) => percent(row.loadCpu)],
  ["foreign CPU", 13, (row) => orDash(row.foreignCpu, percent)],
  ["", 0, note],
];

/** The table, what the gateway adds to the direct way, and the most sessions with which it kept its goal. */
export function renderGateway(rows: readonly GatewayRow[]): string {
  const dialects = [...new Set(rows.map(({ dialect }) => dialect))].filter((dialect) => dialect !== "direct");
  return [
    renderTable(COLUMNS, rows),
    "",
    ...rows.flatMap((row) => addedLine(row, rows)),
    "",
    ...dialects.map((dialect) => {
      const own = rows.filter((row) => row.dialect === dialect);
      const most = mostSessions(own);
      const limit =
        most === Math.max(...own.map(({ sessions }) => sessions)) ? " (the most that was tried)" : "";
      return `${dialect}: ${most} sessions on one core${limit}`;
    }),
    "up = from a caller's write of a chunk to its arrival at the null server; down = from the server's write of a response",
    "to the caller's stamp; both = the two of a chunk that is answered. They hold what callers and null server, which share",
    "a core, take themselves: that is the row direct. A gateway's goal is both p99 below 10 ms, nothing taken off.",
    "RSS: every session speaks without a break and keeps the audio of its utterance, five seconds at most",
    "",
  ].join("\n");
}

/** Most sessions with which the goal was kept, counting up from the fewest measured; 0 when not even then. */
export function mostSessions(rows: readonly GatewayRow[]): number {
  let most = 0;
  for (const row of [...rows].sort((a, b) => a.sessions - b.sessions)) {
    if (!keepsItsGoal(row)) break;
    most = row.sessions;
  }
  return most;
}

/** The direct way's own 99th percentile excuses nothing: its median is what is taken off. */
function addedLine(row: GatewayRow, rows: readonly GatewayRow[]): string[] {
  const direct = rows.find(({ dialect, sessions }) => dialect === "direct" && sessions === row.sessions);
  if (direct === undefined || direct === row) return [];
  const added = (ms: number): string => (ms - direct.bothP50Ms).toFixed(1);
  return [
    `${row.dialect} at ${row.sessions} sessions adds ${added(row.bothP50Ms)} ms to the direct way's median, ` +
      `p99 ${added(row.bothP99Ms)} ms`,
  ];
}

function note(row: GatewayRow): string {
  const failed = row.sessions - row.completed;
  const notes = [
    ...(failed === 0 ? [] : [`${failed} sessions failed`]),
    ...(isUsable(row) || failed > 0 ? [] : ["can't be used: the callers were too busy"]),
  ];
  return notes.length === 0 ? "" : `  ${notes.join(", ")}`;
}

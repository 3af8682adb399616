/** What a running test looks like on a terminal: lines of text from plain values. Pure. */
import { printable } from "../../base/text/printable.ts";
import type { WorkerReport } from "../listener.ts";
import { observedText } from "../../report/words/wording.ts";

/** A latency as it stands. */
export interface LiveLatency {
  label: string;
  /** Which percentile the values are. */
  stat: string;
  /** Of the sessions that ended in each second, the newest last; undefined where none did. Milliseconds. */
  recent: readonly (number | undefined)[];
  /** Of the window so far, where it is judged. */
  soFar?: number | undefined;
}

export interface LiveSlo {
  /** As written. */
  source: string;
  /** Of the window so far, in the metric's unit. */
  observed?: number;
  limit: string;
  /** Were the run over now; undefined as long as nothing was measured. */
  holds?: boolean;
}

export interface LiveState {
  phase: "warm-up" | "steady" | "drain";
  /** Of a load that has several. */
  stage?: string | undefined;
  /** Of the phase; the drain has no known length. */
  elapsedMs: number;
  lengthMs?: number;
  sessions: { open: number; completed: number; failed: number; dropped: number };
  latencies: readonly LiveLatency[];
  slos: readonly LiveSlo[];
  workers: readonly WorkerReport[];
}

export interface ScreenOptions {
  /** Columns of the terminal. */
  width: number;
  /** Lines it has for us; what doesn't fit is left out from the end. */
  height: number;
  color: boolean;
}

type Style = "soft" | "good" | "bad" | "strong";
type Paint = (text: string, style: Style) => string;

const CODES: Readonly<Record<Style, number>> = { soft: 2, good: 32, bad: 31, strong: 1 };

/** Wide enough for all labels, narrow enough to be taken in at a glance. */
const MOST_WIDTH = 96;
const LABEL_WIDTH = 15;

/** Lines no wider than the terminal, without line ends. */
export function liveScreen(state: LiveState, { width, height, color }: ScreenOptions): string[] {
  const paint: Paint = (text, style) => (color ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
  const columns = Math.max(1, Math.min(MOST_WIDTH, width - 1));
  const blocks = [
    [phaseLine(state, columns, paint)],
    [sessionsLine(state, paint), ...state.latencies.map((latency) => latencyLine(latency, columns, paint))],
    slos(state, paint),
    workers(state, paint),
  ].filter((block) => block.length > 0);
  const lines = blocks.flatMap((block) => ["", ...block]);
  return lines.slice(0, Math.max(1, height)).map((line) => cut(line, columns));
}

/** "steady  12 s of 60 s  ━━━━━━━───────────" */
function phaseLine({ phase, stage, elapsedMs, lengthMs }: LiveState, columns: number, paint: Paint): string {
  const seconds = (ms: number): string => `${Math.max(0, Math.floor(ms / 1000))} s`;
  const time = lengthMs === undefined ? seconds(elapsedMs) : `${seconds(elapsedMs)} of ${seconds(lengthMs)}`;
  const name = phase === "steady" ? (stage ?? phase) : phase;
  const head = `${name.padEnd(LABEL_WIDTH - 1)} ${time}`;
  if (lengthMs === undefined || lengthMs <= 0)
    return `${paint(head, "strong")}  ${paint("sessions of the window are followed to their end", "soft")}`;
  const room = columns - head.length - 2;
  if (room < 8) return paint(head, "strong");
  const full = Math.round(Math.min(1, Math.max(0, elapsedMs / lengthMs)) * room);
  return `${paint(head, "strong")}  ${paint("━".repeat(full), "good")}${paint("─".repeat(room - full), "soft")}`;
}

function sessionsLine({ sessions }: LiveState, paint: Paint): string {
  const { open, completed, failed, dropped } = sessions;
  const bad = (count: number, word: string): string =>
    count === 0 ? paint(`0 ${word}`, "soft") : paint(`${count} ${word}`, "bad");
  const parts = [`${open} open`, `${completed} completed`, bad(failed, "failed")];
  return `${label("sessions", paint)}${[...parts, ...(dropped === 0 ? [] : [bad(dropped, "dropped")])].join("   ")}`;
}

/** "first partial  p95   412 ms now    438 ms so far  ▁▂▃▂▁" */
function latencyLine(
  { label: name, stat, recent, soFar }: LiveLatency,
  columns: number,
  paint: Paint,
): string {
  const now = recent.at(-1);
  const text = `${paint(stat, "soft")} ${milliseconds(now).padStart(9)} ${paint("now", "soft")} ${milliseconds(soFar).padStart(9)} ${paint("so far", "soft")}`;
  const used = LABEL_WIDTH + stat.length + 33;
  const room = Math.min(40, columns - used);
  return `${label(name, paint)}${text}${room < 8 ? "" : `  ${sparkline(recent.slice(-room))}`}`;
}

const BARS = "▁▂▃▄▅▆▇█";

/** From nothing to the highest value shown; a gap where there is none. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const highest = Math.max(...values.map((value) => value ?? 0));
  return values
    .map((value) => {
      if (value === undefined) return " ";
      const level = highest <= 0 ? 0 : Math.round((Math.max(0, value) / highest) * (BARS.length - 1));
      return BARS[level] ?? " ";
    })
    .join("");
}

function slos({ slos: all }: LiveState, paint: Paint): string[] {
  const longest = Math.max(...all.map(({ source }) => source.length));
  return all.map(({ source, observed, limit, holds }) => {
    const mark = holds === undefined ? paint("·", "soft") : holds ? paint("✓", "good") : paint("✗", "bad");
    const value =
      observed === undefined
        ? paint("nothing yet", "soft")
        : `${observedText({ name: source, verdict: "pass", observed, limit })} ${paint("so far", "soft")}`;
    return `${mark} ${source.padEnd(longest)}  ${value}`;
  });
}

/** A table, where there are several. */
function workers({ workers: all }: LiveState, paint: Paint): string[] {
  if (all.length < 2) return [];
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell) => cell.padStart(12))
      .join("")
      .slice(4);
  const isRemote = all.some(({ remote }) => remote !== undefined);
  const head = `${row(["worker", "open", "CPU", "loop delay"])}${isRemote ? "  host" : ""}`;
  return [
    paint(head, "soft"),
    ...all.map(({ worker, open, cpuShare, loopDelayMs, remote }) => {
      const figures = [`${Math.round(cpuShare * 100)} %`, milliseconds(loopDelayMs)];
      const host = isRemote ? `  ${printable(remote?.()?.host ?? "-")}` : "";
      return `${row([`${worker + 1}`, `${open}`, ...figures])}${host}`;
    }),
  ];
}

function label(text: string, paint: Paint): string {
  return paint(text.padEnd(LABEL_WIDTH), "soft");
}

export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** As much of a line as fits, its colors left whole. */
function cut(line: string, columns: number): string {
  let room = columns;
  return line.replaceAll(/\u001b\[\d+m|./gu, (part) => {
    if (part.startsWith("\u001b")) return part;
    return room-- > 0 ? part : "";
  });
}

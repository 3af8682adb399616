/** What the processes of one measurement tell each other, and the child's end of it. */
import { cpus } from "node:os";
import process from "node:process";
import { realClock } from "../src/base/clock.ts";
import { monotonicMs, realClockOffsetMs } from "./monotonic.ts";
import type { Plan } from "./workload.ts";

/** How one stream kept its schedule: chunk k was due at `anchorMs + (k + 1) * CHUNK_MS` and written at `sentMs[k]`. */
export interface StreamTimes {
  id: string;
  anchorMs: number;
  sentMs: Float64Array;
  /** When each response was stamped, in order. */
  heardMs: Float64Array | number[];
}

/** What a process used during the measured window. */
export interface Usage {
  /** User and system time of all threads, microseconds. */
  cpuUs: number;
  /** Length of the window as it really was: an overloaded process samples late. */
  elapsedMs: number;
  /** Resident memory at the end of the window. */
  rssBytes: number;
  /** Time in the window that the machine's CPUs were idle, each, milliseconds. */
  idleMs: number[];
}

/** What a generator did. Streams that never ended may be missing, and are not among the completed. */
export interface Generated {
  streams: StreamTimes[];
  /** Streams that ended with status OK. */
  completed: number;
}

/** A turn of a generator that switches its metrics on and off. */
export interface Slice {
  on: boolean;
  cpuUsPerStreamSecond: number;
}

export type ToChild =
  | { type: "plan"; plan: Plan }
  | { type: "report" }
  /** `slices` turns, with metrics and without: off, on, on, off. */
  | { type: "compare"; port: number; streams: number; slices: number };

export type FromChild =
  | { type: "ready"; port: number }
  | { type: "generated"; generated: Generated; usage: Usage; idleRssBytes: number }
  /** What a gateway used. */
  | { type: "used"; usage: Usage; idleRssBytes: number }
  | { type: "compared"; slices: Slice[] }
  /** By session id: when each audio message arrived, and when each response left. */
  | {
      type: "served";
      arrivalsMs: ReadonlyMap<string, Float64Array>;
      answersMs: ReadonlyMap<string, Float64Array>;
      usage: Usage;
    };

/** A stream that has not ended this long after the window is given up as failed. */
const DRAIN_MS = 8000;

/** Tells the parent that this process is ready, and hears what it says; ends when the parent is gone. */
export function serveParent(port: number, onMessage: (message: ToChild) => void): void {
  process.on("message", onMessage);
  process.once("disconnect", () => process.exit(0));
  tellParent({ type: "ready", port });
}

export function tellParent(message: FromChild): void {
  process.send?.(message);
}

/**
 * Runs a generator: hands it the plan and a report to fill in, watches this process through the window, and reports when
 * the last stream has ended, or with what there is when one never does.
 */
export function runGenerator(generate: (plan: Plan, generated: Generated) => Promise<void>): void {
  serveParent(0, (message) => {
    if (message.type === "plan") void generateAndReport(message.plan, generate);
  });
}

async function generateAndReport(plan: Plan, generate: Parameters<typeof runGenerator>[0]): Promise<void> {
  const idleRssBytes = process.memoryUsage.rss();
  const generated: Generated = { streams: [], completed: 0 };
  const drained = Promise.race([generate(plan, generated), machineTime(plan.windowEndMs + DRAIN_MS)]);
  const [usage] = await Promise.all([usageInWindow(plan), drained]);
  tellParent({ type: "generated", generated, usage, idleRssBytes });
}

/** What this process uses between the start and the end of the window. */
export async function usageInWindow(plan: Plan): Promise<Usage> {
  await machineTime(plan.windowStartMs);
  const before = process.cpuUsage();
  const idleBefore = idleTimesMs();
  const startedMs = monotonicMs();
  await machineTime(plan.windowEndMs);
  const used = process.cpuUsage(before);
  return {
    cpuUs: used.user + used.system,
    elapsedMs: monotonicMs() - startedMs,
    rssBytes: process.memoryUsage.rss(),
    idleMs: idleTimesMs().map((idleMs, cpu) => idleMs - (idleBefore[cpu] ?? 0)),
  };
}

function idleTimesMs(): number[] {
  return cpus().map(({ times }) => times.idle);
}

function machineTime(atMs: number): Promise<void> {
  return new Promise((resolve) => realClock.wakeAt(atMs - realClockOffsetMs, resolve));
}

/** A run as JSON lines, for programs that follow it: start, a tick a second, events; the result is the last line. */
import type { RunListener } from "../listener.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import type { TextSink } from "../../base/process/world.ts";

const EVERY_MS = 900;

export function jsonLines(sink: TextSink): RunListener {
  let lastMs = -Infinity;
  const line = (value: object): void => sink.write(`${JSON.stringify(value)}\n`);
  return {
    name: "JSON lines",
    onStart: ({ run, target, dataset }) => line({ type: "start", run, target, dataset }),
    onTick({ atMs, open, windowEndMs, totals }) {
      if (atMs - lastMs < EVERY_MS) return;
      lastMs = atMs;
      const [warmup, steady, drain] = (["warmup", "steady", "drain"] as const).map((phase) => {
        const { scheduled, started, completed, failed, dropped } = totals.counts(phase);
        return { scheduled, started, completed, failed, dropped };
      });
      const sessions = { warmup, steady, drain };
      line({ type: "tick", atMs, windowEndMs, open, sessions, metrics: totals.latest()?.metrics ?? {} });
    },
    onEvent: (event) => line({ ...event, type: "event", event: event.type }),
  };
}

/** The last line. */
export function resultLine(result: RunResult): string {
  return `${JSON.stringify({ type: "result", result })}\n`;
}

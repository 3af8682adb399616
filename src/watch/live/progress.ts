/** What is told of a run where there is no terminal for the live view (`live-view.ts`): a line every ten seconds. */
import { printable } from "../../base/text/printable.ts";
import type { RunListener, Tick } from "../listener.ts";
import type { TimelinePoint } from "../../metrics/result/result.ts";
import { concernsUser } from "../../metrics/result/run-event.ts";
import { milliseconds } from "./live-screen.ts";
import type { TextSink } from "../../base/process/world.ts";

export interface ProgressInput {
  elapsedMs: number;
  warmupMs: number;
  steadyMs: number;
  /** Of a load that has several. */
  stage?: string | undefined;
  open: number;
  /** Sessions completed so far, in all phases. */
  done: number;
  failed: number;
  latest: Pick<TimelinePoint, "metrics"> | undefined;
}

const LINE_EVERY_MS = 10_000;

/** @param quiet only what the user must hear of: no progress */
export function progressListener({
  sink,
  quiet,
  warmupMs,
  stageOf = () => undefined,
}: {
  sink: TextSink;
  quiet: boolean;
  warmupMs: number;
  /** The stage of a moment, milliseconds since T0; undefined where the load has but one. */
  stageOf?: (atMs: number) => string | undefined;
}): RunListener {
  let lastLineMs = -Infinity;

  return {
    name: "progress",
    onTick(tick) {
      if (quiet) return;
      if (tick.atMs - lastLineMs < LINE_EVERY_MS) return;
      lastLineMs = tick.atMs;
      sink.write(`${progressLine({ ...progressOf(tick, warmupMs), stage: stageOf(tick.atMs) })}\n`);
    },
    onEvent(event) {
      if (concernsUser(event)) sink.write(`${printable(event.message)}\n`);
    },
  };
}

function progressOf({ atMs, open, windowEndMs, totals }: Tick, warmupMs: number): ProgressInput {
  const counts = (["warmup", "steady", "drain"] as const).map((phase) => totals.counts(phase));
  return {
    elapsedMs: atMs,
    warmupMs,
    steadyMs: windowEndMs - warmupMs,
    open,
    done: counts.reduce((sum, { completed }) => sum + completed, 0),
    failed: counts.reduce((sum, { failed }) => sum + failed, 0),
    latest: totals.latest(),
  };
}

/** "steady 12s of 60s | 50 open | 93 done, 0 failed | first partial p95 412 ms | lateness p99 1.3 ms" */
function progressLine(input: ProgressInput): string {
  const { latest } = input;
  const p95 = (metric: string): string => milliseconds(latest?.metrics[metric]?.p95);
  return [
    phaseText(input),
    `${input.open} open`,
    `${input.done} done, ${input.failed} failed`,
    `first partial p95 ${p95("first_partial_from_onset")}`,
    `final p95 ${p95("final_from_speech_end")}`,
    `lateness p99 ${milliseconds(latest?.metrics["send_lateness"]?.p99)}`,
  ].join(" | ");
}

function phaseText({ elapsedMs, warmupMs, steadyMs, stage }: ProgressInput): string {
  const seconds = (ms: number): string => `${Math.max(0, Math.floor(ms / 1000))}s`;
  if (elapsedMs < warmupMs) return `warm-up ${seconds(elapsedMs)} of ${seconds(warmupMs)}`;
  const steady = elapsedMs - warmupMs;
  if (steady < steadyMs) return `${stage ?? "steady"} ${seconds(steady)} of ${seconds(steadyMs)}`;
  return `drain ${seconds(steady - steadyMs)}`;
}

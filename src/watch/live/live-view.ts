/** The live view of a run: gathers what the screen shows, and owns the terminal while it does. */
import { printable, printableStyled } from "../../base/text/printable.ts";
import type { RunListener, Tick, WorkerReport } from "../listener.ts";
import { concernsUser } from "../../metrics/result/run-event.ts";
import type { Slo } from "../../metrics/judge/slo.ts";
import { keeps } from "../../metrics/judge/slo.ts";
import { PERCENTILES } from "../../metrics/stats/percentiles.ts";
import type { LiveLatency, LiveSlo, LiveState } from "./live-screen.ts";
import { liveScreen } from "./live-screen.ts";
import type { TextSink } from "../../base/process/world.ts";

/** Seconds of a sparkline. */
const RECENT_KEPT = 60;
/** Several workers tick within a second: as often the eye can follow. */
const REDRAW_MS = 450;

const LATENCIES = [
  { metric: "first_partial_from_onset", label: "first partial", stat: "p95" },
  { metric: "final_from_speech_end", label: "final", stat: "p95" },
  { metric: "send_lateness", label: "send lateness", stat: "p99" },
] as const;

/** Terminal commands: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html; 2026 keeps a frame from being seen half drawn. */
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const BEGIN_FRAME = "\u001b[?2026h";
const END_FRAME = "\u001b[?2026l";
const CLEAR_REST_OF_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

export interface LiveViewOptions {
  /** A terminal. */
  sink: TextSink;
  color: boolean;
  warmupMs: number;
  slos: readonly Slo[];
  /** The stage of a moment, milliseconds since T0; undefined where the load has but one. */
  stageOf?: (atMs: number) => string | undefined;
}

export function liveView({
  sink,
  color,
  warmupMs,
  slos,
  stageOf = () => undefined,
}: LiveViewOptions): RunListener {
  const control = (text: string): void => (sink.control ?? sink.write)(text);
  const recent = LATENCIES.map((): (number | undefined)[] => []);
  const workers = new Map<number, WorkerReport>();
  let newestMs = -Infinity;
  let drawnAtMs = -Infinity;
  /** Lines of the frame that stands on the terminal; the cursor is at the start of its last line. */
  let standing = 0;

  /** To the place where the frame began, and nothing below. */
  function toStart(): string {
    return standing === 0 ? "" : `\r${standing > 1 ? `\u001b[${standing - 1}A` : ""}`;
  }

  function draw(state: LiveState): void {
    const { columns: width, rows = 24 } = sink;
    const lines = liveScreen(state, { width, height: rows - 2, color });
    const frame = lines.map((line) => `${printableStyled(line)}${CLEAR_REST_OF_LINE}`).join("\n");
    // One write, line over line: nothing is blank in between, so nothing flickers.
    control(`${BEGIN_FRAME}${HIDE_CURSOR}${toStart()}${frame}${CLEAR_BELOW}\r${END_FRAME}`);
    standing = lines.length;
  }

  function clear(): void {
    if (standing > 0) control(`${toStart()}${CLEAR_BELOW}${SHOW_CURSOR}`);
    standing = 0;
  }

  function gather({ totals }: Tick): void {
    const latest = totals.latest();
    if (latest === undefined || latest.toMs <= newestMs) return;
    newestMs = latest.toMs;
    for (const [index, { metric, stat }] of LATENCIES.entries()) {
      const values = recent[index] ?? [];
      const value = latest.metrics[metric]?.[stat];
      // A sparkline begins with the first value, and shows gaps from then on.
      if (value === undefined && values.length === 0) continue;
      values.push(value);
      if (values.length > RECENT_KEPT) values.shift();
    }
  }

  return {
    name: "live view",
    onTick(tick) {
      gather(tick);
      if (tick.atMs - drawnAtMs < REDRAW_MS) return;
      drawnAtMs = tick.atMs;
      const latencies = LATENCIES.map(({ metric, label, stat }, index): LiveLatency => {
        const soFar = tick.totals.percentile(metric, (PERCENTILES[stat] ?? NaN) * 100);
        return { label, stat, recent: recent[index] ?? [], soFar };
      });
      draw({
        ...phaseOf(tick, warmupMs),
        stage: stageOf(tick.atMs),
        sessions: sessionsOf(tick),
        latencies,
        slos: slos.map((slo) => sloState(slo, tick)),
        workers: [...workers.values()].sort((a, b) => a.worker - b.worker),
      });
    },
    onWorker: (report) => void workers.set(report.worker, report),
    onEvent(event) {
      if (!concernsUser(event)) return;
      clear();
      sink.write(`${printable(event.message)}\n`);
    },
    onLoadEnd: clear,
    close: clear,
  };
}

function phaseOf(
  { atMs, windowEndMs }: Tick,
  warmupMs: number,
): Pick<LiveState, "phase" | "elapsedMs" | "lengthMs"> {
  if (atMs < warmupMs) return { phase: "warm-up", elapsedMs: atMs, lengthMs: warmupMs };
  if (atMs < windowEndMs)
    return { phase: "steady", elapsedMs: atMs - warmupMs, lengthMs: windowEndMs - warmupMs };
  return { phase: "drain", elapsedMs: atMs - windowEndMs };
}

function sessionsOf({ open, totals }: Tick): LiveState["sessions"] {
  const sessions = { open, completed: 0, failed: 0, dropped: 0 };
  for (const phase of ["warmup", "steady", "drain"] as const) {
    const { completed, failed, dropped } = totals.counts(phase);
    sessions.completed += completed;
    sessions.failed += failed;
    sessions.dropped += dropped;
  }
  return sessions;
}

/** Where an SLO stands. One on a stage or on a mean is judged at the end only. */
function sloState(slo: Slo, { atMs, totals }: Tick): LiveSlo {
  const limit = slo.source.slice(slo.source.search(/[<>]/));
  const share = PERCENTILES[slo.stat ?? ""];
  const observed =
    slo.stage !== undefined
      ? undefined
      : slo.stat === undefined
        ? totals.valuesUntil(atMs)[slo.metric]
        : share === undefined
          ? undefined
          : totals.percentile(slo.metric, share * 100);
  if (observed === undefined) return { source: slo.source, limit };
  return { source: slo.source, limit, observed, holds: keeps(slo, observed) };
}

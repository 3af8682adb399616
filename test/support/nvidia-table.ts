/**
 * The figures of NVIDIA's `riva_streaming_asr_client`, worked out from the timelines of its streams as NVIDIA publishes
 * them; written apart from `src/metrics`, to hold that against it.
 */

/** One finished stream: when each audio message was written, and what came back. Milliseconds on one clock. */
export interface NvidiaStream {
  sentMs: readonly number[];
  responses: readonly { atMs: number; final: boolean }[];
}

export const FIGURE_NAMES = ["p50", "p90", "p95", "p99", "mean"] as const;

export interface NvidiaFigures {
  /** Values behind the figures; NaN where the client does not say. */
  count: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  mean: number;
}

export interface NvidiaTable {
  latencies: NvidiaFigures;
  intermediate: NvidiaFigures;
  final: NvidiaFigures;
}

/** The three tables; undefined when the counts of any stream don't fit: then the client prints none. */
export function nvidiaTable(streams: readonly NvidiaStream[]): NvidiaTable | undefined {
  const intermediate: number[] = [];
  const final: number[] = [];
  for (const { sentMs, responses } of streams) {
    const surplus = responses.length - sentMs.length;
    if (surplus !== 0 && surplus !== 1) return undefined;
    sentMs.forEach((sent, i) => {
      const response = responses[i]!;
      (response.final ? final : intermediate).push(response.atMs - sent);
    });
  }
  return {
    latencies: figures([...intermediate, ...final]),
    intermediate: figures(intermediate),
    final: figures(final),
  };
}

/**
 * The three tables as the client itself prints them; undefined when it printed none. It does not say how many values it has.
 */
export function printedTable(stdout: string): NvidiaTable | undefined {
  const read = (name: string): NvidiaFigures | undefined => {
    const row = new RegExp(`^${name} \\(ms\\):\\n.*\\n(.*)$`, "m").exec(stdout)?.[1];
    if (row === undefined) return undefined;
    const [p50 = NaN, p90 = NaN, p95 = NaN, p99 = NaN, mean = NaN] = row.trim().split(/\s+/).map(Number);
    return { count: NaN, p50, p90, p95, p99, mean };
  };
  const [latencies, intermediate, final] = ["Latencies", "Intermediate latencies", "Final latencies"].map(
    read,
  );
  return latencies && intermediate && final && { latencies, intermediate, final };
}

function figures(values: readonly number[]): NvidiaFigures {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (percent: number): number => sorted[Math.floor((percent * sorted.length) / 100)] ?? NaN;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { count: sorted.length, p50: at(50), p90: at(90), p95: at(95), p99: at(99), mean };
}

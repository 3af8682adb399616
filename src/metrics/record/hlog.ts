/** HdrHistogram's log format, version 1.3: `histograms.hlog` opens in the usual HdrHistogram viewers. */
import { Histogram } from "./histogram.ts";
import type { Snapshot } from "./snapshot.ts";

/** The lines before the first interval. @param startEpochMs wall clock of the start of the run */
export function hlogHeader(startEpochMs: number): string {
  return [
    "#[riva-bench: times in microseconds, ratios and factors in millionths; tag = phase.stage.metric]",
    "#[values below zero: their magnitudes, tag with .negative]",
    "#[Histogram log format version 1.3]",
    `#[StartTime: ${(startEpochMs / 1000).toFixed(3)} (seconds since epoch), ${new Date(startEpochMs).toISOString()}]`,
    `#[BaseTime: ${(startEpochMs / 1000).toFixed(3)} (seconds since epoch)]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    "",
  ].join("\n");
}

/** An interval of the log: long enough to cost nothing, and for a soak test's log to stay small. */
const INTERVAL_MS = 10_000;

export interface Hlog {
  add(snapshot: Snapshot): void;
  /** Writes the interval that has begun. */
  end(): void;
}

/** Adds the snapshots of all workers up into intervals, and appends the lines of each to the log when it is over. */
export function createHlog(append: (lines: string) => void): Hlog {
  /** In thousands of ticks, of which the log gives the maximum: milliseconds for times. */
  const byKey = new Map<string, Histogram>();
  let fromMs = Infinity;
  let toMs = -Infinity;

  function end(): void {
    const interval = `${(fromMs / 1000).toFixed(3)},${((toMs - fromMs) / 1000).toFixed(3)}`;
    let lines = "";
    for (const [key, histogram] of byKey) {
      if (histogram.count === 0) continue;
      const tag = key.replaceAll("|", ".").replace(/[\s,]/g, "_");
      const [positive = "", negative = ""] = histogram.encode().split(",");
      const { min = 0, max = 0 } = histogram;
      lines += `Tag=${tag},${interval},${Math.max(0, max).toFixed(3)},${positive}\n`;
      if (negative !== "") lines += `Tag=${tag}.negative,${interval},${(-min).toFixed(3)},${negative}\n`;
      histogram.reset();
    }
    if (lines !== "") append(lines);
    fromMs = Infinity;
    toMs = -Infinity;
  }

  return {
    add(snapshot) {
      if (snapshot.fromMs >= fromMs + INTERVAL_MS) end();
      fromMs = Math.min(fromMs, snapshot.fromMs);
      toMs = Math.max(toMs, snapshot.toMs);
      for (const [key, { histogram }] of Object.entries(snapshot.series)) {
        const merged = byKey.get(key) ?? new Histogram(1000);
        byKey.set(key, merged);
        merged.addCounts(histogram);
      }
    },
    end,
  };
}

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

/** One line per histogram of an interval; the maximum is in thousands of ticks (milliseconds for times). */
export function hlogLines(snapshot: Snapshot): string {
  const interval = `${(snapshot.fromMs / 1000).toFixed(3)},${((snapshot.toMs - snapshot.fromMs) / 1000).toFixed(3)}`;
  let lines = "";
  for (const [key, { histogram: text }] of Object.entries(snapshot.series)) {
    const tag = key.replaceAll("|", ".").replace(/[\s,]/g, "_");
    const [positive = "", negative = ""] = text.split(",");
    lines += `Tag=${tag},${interval},${maxOf(positive)},${positive}\n`;
    if (negative !== "") lines += `Tag=${tag}.negative,${interval},${maxOf(negative)},${negative}\n`;
  }
  return lines;
}

function maxOf(encoded: string): string {
  return (Histogram.decode(encoded, 1000).max ?? 0).toFixed(3);
}

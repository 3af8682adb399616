/** A dataset in numbers. */
import type { BadLine } from "./import/importer.ts";

/** The facts of a clip that the numbers are computed from, named as in the manifest. */
export interface SummedClip {
  duration_s: number;
  sample_rate_hz?: number | undefined;
  speaker?: string | undefined;
  text?: string | undefined;
}

/** Numbers about a dataset, as in `summary.json`. */
export interface DatasetSummary {
  clips: number;
  hours: number;
  /** Seconds. */
  duration: { min: number; median: number; max: number };
  /** Clips by sample rate. */
  rates: Record<string, number>;
  speakers: number;
  withoutText: number;
}

/** Sums up clips one by one. */
export class SummaryBuilder {
  readonly #durations: number[] = [];
  readonly #rates = new Map<number, number>();
  readonly #speakers = new Set<string>();
  #withoutText = 0;

  add({ duration_s, sample_rate_hz, speaker, text }: SummedClip): void {
    this.#durations.push(duration_s);
    if (sample_rate_hz !== undefined)
      this.#rates.set(sample_rate_hz, (this.#rates.get(sample_rate_hz) ?? 0) + 1);
    if (speaker !== undefined) this.#speakers.add(speaker);
    if (text === undefined) this.#withoutText++;
  }

  summary(): DatasetSummary {
    const sorted = Float64Array.from(this.#durations).sort();
    const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? 0;
    const rates = [...this.#rates].sort(([a], [b]) => a - b);
    return {
      clips: sorted.length,
      hours: sorted.reduce((sum, s) => sum + s, 0) / 3600,
      duration: { min: at(0), median: at(0.5), max: at(1) },
      rates: Object.fromEntries(rates.map(([rate, clips]) => [String(rate), clips])),
      speakers: this.#speakers.size,
      withoutText: this.#withoutText,
    };
  }
}

/** The numbers as lines of text, each with its newline. */
export function summaryText(summary: DatasetSummary): string {
  const { clips, hours, duration, rates, speakers, withoutText } = summary;
  const seconds = (s: number): string => `${s.toFixed(1)} s`;
  const rows: [string, string][] = [
    ["clips", `${clips}, ${hours < 0.1 ? seconds(hours * 3600) : `${hours.toFixed(2)} hours`}`],
    ["durations", `${seconds(duration.min)} to ${seconds(duration.max)}, median ${seconds(duration.median)}`],
    [
      "sample rates",
      Object.entries(rates)
        .map(([rate, count]) => `${rate} Hz (${count})`)
        .join(", "),
    ],
    ["speakers", speakers === 0 ? "not known" : String(speakers)],
    ["without text", String(withoutText)],
  ];
  return rows.map(([label, value]) => `${label.padEnd(14)}${value}\n`).join("");
}

/** Refused lines: the count of all, and the first few in full. */
export class BadLines {
  static readonly #MOST_KEPT = 1000;
  static readonly #MOST_SHOWN = 50;
  readonly kept: BadLine[] = [];
  count = 0;

  add(bad: BadLine): void {
    this.count++;
    if (this.kept.length < BadLines.#MOST_KEPT) this.kept.push(bad);
  }

  /** A line for each of the first, and one that counts the others. */
  text(): string {
    const shown = this.kept.slice(0, BadLines.#MOST_SHOWN);
    const rest = this.count - shown.length;
    return [
      ...shown.map(({ where, reason }) => (reason.startsWith(where) ? reason : `${where}: ${reason}`)),
      ...(rest === 0 ? [] : [`and ${rest} more`]),
    ].join("\n");
  }
}

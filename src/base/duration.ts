/** Durations as people write them. */
import { BenchError } from "./errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of `20` or `"20"` (seconds), `500ms`, `20s`, `2m`, `1h`, fractions allowed; undefined for anything else.
 */
export function parseDurationMs(value: string | number): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m|h)?$/.exec(String(value).trim());
  if (match === null) return undefined;
  const [, digits = "", unit = "s"] = match;
  const ms = Number(digits) * (UNIT_MS[unit] ?? NaN);
  return Number.isFinite(ms) ? ms : undefined;
}

/** Longer than anything here lasts, and within what timers can wait. */
export const WEEK_MS: number = 168 * 3_600_000;

/**
 * Milliseconds of a flag's value, in each spelling that `parseDurationMs` knows.
 * @param bare unit of a number without one; `s` unless the flag's name says another
 * @throws BenchError (exit 2) that names the flag, the spellings, and the bounds (both inclusive)
 */
export function durationFlag(
  flag: string,
  value: string | number,
  { minMs = 0, maxMs = WEEK_MS, bare = "s" }: { minMs?: number; maxMs?: number; bare?: "s" | "ms" } = {},
): number {
  const text = String(value).trim();
  const ms = parseDurationMs(/[a-z]$/.test(text) ? text : `${text}${bare}`);
  const spellings = `Write 20${bare === "s" ? " (seconds)" : " (milliseconds)"}, 20s, 1.5s, 2m, 500ms or 1h.`;
  if (ms === undefined) throw BenchError.usage(`${flag} ${text}: not a duration`, spellings);
  if (ms < minMs || ms > maxMs)
    throw BenchError.usage(
      `${flag} ${text}: must be ${formatDuration(minMs)} to ${formatDuration(maxMs)}`,
      spellings,
    );
  return ms;
}

/** The shortest exact form that `parseDurationMs` reads back: `500ms`, `1.5s`, `2m`, `7d` as `168h`. */
export function formatDuration(durationMs: number): string {
  for (const unit of ["h", "m", "s"]) {
    const unitMs = UNIT_MS[unit] ?? NaN;
    if (durationMs >= unitMs && durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return durationMs > 1000 ? `${durationMs / 1000}s` : `${durationMs}ms`;
}

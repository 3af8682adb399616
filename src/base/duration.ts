/** Durations as people write them. */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of `20` or `"20"` (seconds), `500ms`, `20s`, `2m`, `1h`, fractions allowed; undefined for anything else.
 */
export function parseDurationMs(value: string | number): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m|h)?$/.exec(String(value).trim());
  if (match === null) return undefined;
  const [, digits = "", unit = "s"] = match;
  return Number(digits) * (UNIT_MS[unit] ?? NaN);
}

/** The shortest exact form that `parseDurationMs` reads back: `500ms`, `1.5s`, `2m`, `7d` as `168h`. */
export function formatDuration(durationMs: number): string {
  for (const unit of ["h", "m", "s"]) {
    const unitMs = UNIT_MS[unit] ?? NaN;
    if (durationMs >= unitMs && durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return durationMs > 1000 ? `${durationMs / 1000}s` : `${durationMs}ms`;
}

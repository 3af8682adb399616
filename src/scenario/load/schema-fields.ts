/** Kinds of values in a scenario file, with the bounds that refuse a slip of the hand. */
import { z } from "zod";
import { formatDuration, parseDurationMs } from "../../base/duration.ts";
import { section } from "../../base/yaml.ts";

export const HOUR_MS = 3_600_000;

/** A duration as people write it, turned into milliseconds. */
export function durationMs(minMs: number, maxMs: number): z.ZodType<number, string | number> {
  const range = `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return z
    .union([z.string(), z.number()], { error: "must be a duration such as 20s" })
    .transform((value, context) => {
      const ms = parseDurationMs(value);
      if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
      const problem =
        ms === undefined ? "is not a duration such as 20, 20s, 2m or 500ms" : `must be ${range}`;
      context.addIssue({ code: "custom", message: `${JSON.stringify(value)} ${problem}` });
      return z.NEVER;
    });
}

export function wholeNumber(min: number, max: number): z.ZodType<number, number> {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function realNumber(min: number, max: number): z.ZodType<number, number> {
  const error = `must be a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** The fields that command line flags replace, so that a flag and a key are held to the same bounds. */
export const streamCount: z.ZodType<number, number> = wholeNumber(1, 20_000);
/** Sessions a second. */
export const sessionRate: z.ZodType<number, number> = realNumber(0.001, 10_000);
export const warmupDuration: z.ZodType<number, string | number> = durationMs(0, HOUR_MS);
export const steadyDuration: z.ZodType<number, string | number> = durationMs(1000, 168 * HOUR_MS);
export const chunkDuration: z.ZodType<number, string | number> = durationMs(20, 1000);

/** A rate may start or end at nothing. */
export const rateOrNone = z.union([z.literal(0), sessionRate], { error: "must be a number from 0 to 10000" });
export const countRange = section({ from: streamCount, to: streamCount });
export const rateRange = section({ from: rateOrNone, to: rateOrNone });
export const chunkPhase = z.enum(["aligned", "spread", "random"], {
  error: "must be aligned, spread or random",
});

/** Recognition settings that callers may ask for in either dialect, and their bounds. */
import { z } from "zod";
import type { Endpointing } from "../../client/transport.ts";

type Boosting = { phrases: string[]; boost: number }[];

export const boosting: z.ZodType<Boosting> = z
  .array(
    z.strictObject({
      phrases: z.array(z.string().min(1).max(200)).min(1).max(1000),
      boost: z.number().min(-100).max(100),
    }),
  )
  .max(100);

/** Of one server or model; passed on as they are. */
export const customConfiguration: z.ZodType<Record<string, string>> = z.record(
  z.string().min(1).max(200),
  z.string().max(1000),
);

/** The same, beside a piece of audio: `force_eou: "true"`. */
export const runtimeConfig: z.ZodType<Record<string, string>> = z.record(
  z.string().min(1).max(200),
  z.string().max(1000),
);

export const maxAlternatives: z.ZodType<number> = z.int().min(0).max(30);
export const historyMs: z.ZodType<number> = z.int().min(0).max(60_000);
/** A share of a window. */
export const threshold: z.ZodType<number> = z.number().min(0).max(1);
export const speakers: z.ZodType<number> = z.int().min(0).max(100);

/** Endpointing as Riva names it; 0 leaves a value to the server, as in a NIM's own session. */
export interface RivaEndpointing {
  start_history: number;
  start_threshold: number;
  stop_history: number;
  stop_threshold: number;
  stop_history_eou: number;
  stop_threshold_eou: number;
}

/** What is set of it; undefined when nothing is. */
export function endpointingOf(riva: {
  [Key in keyof RivaEndpointing]?: number | undefined;
}): Endpointing | undefined {
  const all = {
    startHistoryMs: riva.start_history,
    startThreshold: riva.start_threshold,
    stopHistoryMs: riva.stop_history,
    stopThreshold: riva.stop_threshold,
    stopHistoryEouMs: riva.stop_history_eou,
    stopThresholdEou: riva.stop_threshold_eou,
  };
  const set = Object.entries(all).filter(([, value]) => value !== undefined && value !== 0);
  return set.length === 0 ? undefined : Object.fromEntries(set);
}

/** `key:value,key:value`, as NVIDIA's clients write it on their command line; undefined when it is not that. */
export function parseCustomConfiguration(text: string): Record<string, string> | undefined {
  const pairs = text
    .split(",")
    .filter((pair) => pair.trim() !== "")
    .map((pair) => /^\s*([^:\s]+)\s*:(.*)$/.exec(pair));
  if (pairs.some((pair) => pair === null)) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", (pair?.[2] ?? "").trim()]));
}

/** 0 and nothing leave the number to the server. */
export function maxSpeakersOf(count: number | undefined): { maxSpeakers?: number } {
  return count === undefined || count === 0 ? {} : { maxSpeakers: count };
}

/**
 * The form of a scenario file. Bounds refuse what can only be a slip of the hand: a run with them would take forever,
 * exhaust the machine or mean nothing.
 */
import { z } from "zod";
import { formatDuration, parseDurationMs } from "../base/duration.ts";
import { section } from "../base/yaml.ts";
import type { RecognitionSettings } from "../client/transport.ts";

const HOUR_MS = 3_600_000;

/** A duration as people write it, turned into milliseconds. */
function durationMs(minMs: number, maxMs: number): z.ZodType<number, string | number> {
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

function wholeNumber(min: number, max: number): z.ZodType<number, number> {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** The fields that command line flags replace, so that a flag and a key are held to the same bounds. */
export const streamCount: z.ZodType<number, number> = wholeNumber(1, 20_000);
export const warmupDuration: z.ZodType<number, string | number> = durationMs(0, HOUR_MS);
export const steadyDuration: z.ZodType<number, string | number> = durationMs(1000, 168 * HOUR_MS);
export const chunkDuration: z.ZodType<number, string | number> = durationMs(20, 1000);

const auto = z.literal("auto");
const flag = z.boolean();

const load = z.discriminatedUnion(
  "model",
  [
    section({
      model: z.literal("concurrency"),
      streams: streamCount,
      rampIn: z
        .union([auto, durationMs(0, HOUR_MS)], { error: "must be auto or a duration" })
        .default("auto"),
      think: durationMs(0, HOUR_MS).default(0),
      iterations: wholeNumber(1, 100_000).exactOptional(),
    }),
  ],
  { error: "unknown load model; known is concurrency" },
);

/** A scenario file, read: durations in milliseconds, defaults filled in. Keys are those of the file. */
export interface ScenarioFile {
  name: string;
  description: string;
  load: {
    model: "concurrency";
    streams: number;
    rampIn: number | "auto";
    think: number;
    iterations?: number;
  };
  duration: { warmup: number; steady: number; drain: number | "auto" };
  audio: {
    dataset: string;
    chunk: number;
    pace: number;
    phase: "aligned" | "spread" | "random";
    padding: { before: number; after: number };
    clips: { max?: number; only?: string[] };
  };
  recognition: RecognitionSettings;
  transport: "riva-grpc";
  connections: { streamsPerConnection: number };
  session: { deadline: number; connectTimeout: number };
  slo: string[];
}

export const scenarioFile: z.ZodType<ScenarioFile> = section({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/, { error: "must be lower-case letters, digits, dots and dashes" }),
  description: z.string().default(""),
  load,
  duration: section({
    warmup: warmupDuration.default(0),
    steady: steadyDuration,
    drain: z.union([auto, durationMs(0, HOUR_MS)], { error: "must be auto or a duration" }).default("auto"),
  }),
  audio: section({
    dataset: z.string().min(1).default("default"),
    chunk: chunkDuration.default(100),
    pace: z.number().min(0.1, "must be 0.1 to 100").max(100, "must be 0.1 to 100").default(1),
    phase: z
      .enum(["aligned", "spread", "random"], { error: "must be aligned, spread or random" })
      .default("spread"),
    padding: section({
      before: durationMs(0, 60_000).default(0),
      after: durationMs(0, 60_000).default(0),
    }).prefault({}),
    clips: section({
      max: durationMs(1, HOUR_MS).exactOptional(),
      only: z.array(z.string().min(1)).min(1).exactOptional(),
    }).prefault({}),
  }).prefault({}),
  recognition: section({
    language: z.string().min(1).default("en-US"),
    model: z.string().min(1).exactOptional(),
    interim: flag.default(true),
    punctuation: flag.exactOptional(),
    wordTimeOffsets: flag.exactOptional(),
    verbatim: flag.exactOptional(),
    profanityFilter: flag.exactOptional(),
    maxAlternatives: wholeNumber(1, 30).exactOptional(),
  }).prefault({}),
  transport: z.enum(["riva-grpc"], { error: "unknown transport; known is riva-grpc" }).default("riva-grpc"),
  connections: section({ streamsPerConnection: wholeNumber(1, 20_000).default(50) }).prefault({}),
  session: section({
    deadline: durationMs(100, HOUR_MS).default(10_000),
    connectTimeout: durationMs(100, HOUR_MS).default(10_000),
  }).prefault({}),
  slo: z.array(z.string().min(1), { error: "must be a list of gates such as error_ratio < 1%" }).default([]),
});

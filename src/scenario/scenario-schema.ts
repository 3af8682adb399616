/**
 * The form of a scenario file. Bounds refuse what can only be a slip of the hand: a run with them would take forever,
 * exhaust the machine or mean nothing.
 */
import { z } from "zod";
import type { LongForm } from "../base/dataset/long-form.ts";
import { section } from "../base/yaml.ts";
import { transportNames } from "../client/transports.ts";
import { conditionList } from "./condition-schema.ts";
import { loadFile, ownLengthMs } from "./load/load-schema.ts";
import { recognitionSection } from "./recognition-schema.ts";
import { scoringSection } from "./scoring-schema.ts";
import {
  chunkDuration,
  durationMs,
  HOUR_MS,
  steadyDuration,
  warmupDuration,
  wholeNumber,
} from "./load/schema-fields.ts";

const auto = z.literal("auto");

const pause = z
  .union([durationMs(0, HOUR_MS), section({ from: durationMs(0, HOUR_MS), to: durationMs(0, HOUR_MS) })], {
    error: "must be a duration such as 2s, or { from, to }",
  })
  .transform((value) => (typeof value === "number" ? { from: value, to: value } : value))
  .refine(({ from, to }) => from <= to, "`from` must not be above `to`");

const longForm = section({
  length: durationMs(1000, HOUR_MS),
  pause: pause.default({ from: 500, to: 2000 }),
  variants: wholeNumber(1, 64).default(8),
}).transform(({ length, ...rest }): LongForm => ({
  lengthMs: length,
  pauseMs: rest.pause,
  variants: rest.variants,
}));

/** The form of a scenario file. */
export const scenarioFile = section({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/, { error: "must be lower-case letters, digits, dots and dashes" }),
  description: z.string().default(""),
  load: loadFile,
  duration: section({
    warmup: warmupDuration.default(0),
    steady: steadyDuration.exactOptional(),
    drain: z.union([auto, durationMs(0, HOUR_MS)], { error: "must be auto or a duration" }).default("auto"),
  }),
  audio: section({
    dataset: z.string().min(1).default("default"),
    chunk: chunkDuration.default(100),
    encoding: z
      .enum(["LINEAR_PCM", "MULAW", "ALAW", "FLAC", "OGGOPUS"], {
        error: "must be LINEAR_PCM, MULAW, ALAW, FLAC or OGGOPUS",
      })
      .default("LINEAR_PCM"),
    pace: z.number().min(0.1, "must be 0.1 to 100").max(100, "must be 0.1 to 100").default(1),
    phase: z
      .enum(["aligned", "spread", "random"], { error: "must be aligned, spread or random" })
      .default("spread"),
    anchor: z
      .enum(["after-ready", "at-start", "at-schedule"], {
        error: "must be after-ready, at-start or at-schedule",
      })
      .default("after-ready"),
    padding: section({
      before: durationMs(0, 60_000).default(0),
      after: durationMs(0, 60_000).default(0),
    }).prefault({}),
    clips: section({
      max: durationMs(1, HOUR_MS).exactOptional(),
      only: z.array(z.string().min(1)).min(1).exactOptional(),
    }).prefault({}),
    longForm: longForm.exactOptional(),
    /** By clip: how often it comes, relative to the others. Clips that are not named are not played. */
    mix: z
      .record(
        z.string(),
        z.number().min(0.001, "must be 0.001 or more").max(1e6, "must be 1000000 or less"),
        {
          error: "must be a list of clip: weight",
        },
      )
      .refine((mix) => Object.keys(mix).length > 0, "must name a clip")
      .exactOptional(),
  }).prefault({}),
  conditions: conditionList,
  recognition: recognitionSection,
  transport: z
    .enum(["auto", ...transportNames], {
      error: `unknown transport; known are ${["auto", ...transportNames].join(", ")}`,
    })
    .default("auto"),
  connections: section({ streamsPerConnection: wholeNumber(1, 20_000).default(50) }).prefault({}),
  session: section({
    deadline: durationMs(100, HOUR_MS).default(10_000),
    connectTimeout: durationMs(100, HOUR_MS).default(10_000),
  }).prefault({}),
  scoring: scoringSection,
  slo: z.array(z.string().min(1), { error: "must be a list of gates such as error_ratio < 1%" }).default([]),
}).superRefine(({ load, duration }, context) => {
  // Steps and stages that say how long they last bring the length of the window with them.
  if (duration.steady !== undefined || ownLengthMs(load) !== undefined) return;
  context.addIssue({
    code: "custom",
    path: ["duration", "steady"],
    message: "must be a duration such as 20s",
  });
});

/** A scenario file, read: durations in milliseconds, defaults filled in. Keys are those of the file. */
export type ScenarioFile = z.output<typeof scenarioFile>;

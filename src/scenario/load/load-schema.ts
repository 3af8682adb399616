/** The form of `load` in a scenario file: one shape a model, with errors that say what belongs together. */
import { z } from "zod";
import { nearestName } from "../../base/errors.ts";
import { section } from "../../base/yaml.ts";
import type { ChunkPhase, Range, Spacing } from "./load.ts";
import {
  durationMs,
  HOUR_MS,
  sessionRate,
  steadyDuration,
  streamCount,
  wholeNumber,
} from "./schema-fields.ts";

/** What closed loads may say besides their level. Durations in milliseconds, keys as in the file. */
export interface ClosedKeys {
  rampIn?: number | "auto";
  think?: number | { mean: number; distribution: "exponential" | "fixed" };
  sessionsPerCaller?: number;
  next?: "after-answer" | "after-sending";
}

/** What open loads may say besides their level. */
export interface OpenKeys {
  maxOpen?: number | "auto";
}

type Keys = ClosedKeys & OpenKeys & { arrivals?: Spacing };

/** Exactly one of the two, as `oneKind` makes sure. */
interface Leveled<T> extends Keys {
  streams?: T;
  rate?: T;
}

export interface StepFile {
  name?: string;
  for?: number;
  streams?: number;
  rate?: number;
}

export type StageFile = { name: string; for?: number; phase?: ChunkPhase } & (
  | { model: "concurrency"; streams: number }
  | { model: "constant" | "poisson"; rate: number }
  | { model: "ramp"; streams?: Range; rate?: Range }
);

/** The load as read from the file: durations in milliseconds, defaults not yet filled in. */
export type LoadFile =
  | ({ model: "concurrency" | "offline"; streams: number; iterations?: number } & ClosedKeys)
  | ({ model: "constant" | "poisson"; rate: number } & OpenKeys)
  | ({ model: "soak" } & Leveled<number>)
  | ({ model: "ramp"; over?: number } & Leveled<Range>)
  | ({ model: "spike"; at?: number; for?: number } & Leveled<{ base: number; peak: number }>)
  | ({ model: "steps"; settle?: number; steps: StepFile[] } & Keys)
  | ({ model: "stages"; settle?: number; stages: StageFile[] } & ClosedKeys & OpenKeys)
  | ({ model: "trace"; file: string } & OpenKeys);

const auto = z.literal("auto");
const rampIn = z
  .union([auto, durationMs(0, HOUR_MS)], { error: "must be auto or a duration" })
  .exactOptional();
const pause = durationMs(0, HOUR_MS);
const think = z
  .union([pause, section({ mean: pause, distribution: z.enum(["exponential", "fixed"]) })], {
    error: "must be a duration, or { mean: 2s, distribution: exponential }",
  })
  .exactOptional();
const sessionsPerCaller = wholeNumber(1, 100_000).exactOptional();
const next = z
  .enum(["after-answer", "after-sending"], { error: "must be after-answer or after-sending" })
  .exactOptional();
const maxOpen = z
  .union([auto, wholeNumber(1, 100_000)], { error: "must be auto or a whole number from 1 to 100000" })
  .exactOptional();
const arrivals = z.enum(["even", "poisson"], { error: "must be even or poisson" }).exactOptional();
const iterations = wholeNumber(1, 100_000).exactOptional();
const length = steadyDuration.exactOptional();
const settle = pause.exactOptional();
const phase = z
  .enum(["aligned", "spread", "random"], { error: "must be aligned, spread or random" })
  .exactOptional();

const closedKeys = { rampIn, think, sessionsPerCaller, next };
const openKeys = { maxOpen };
const anyKeys = { ...closedKeys, ...openKeys, arrivals };

/** A stage's name in SLOs (`metric@name`) and in the result. */
const stageName = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/, { error: "must be letters, digits, dashes and underscores" })
  .refine((name) => name !== "transition", "is the name of what lies between stages");

const countRange = section({ from: streamCount, to: streamCount });
/** A rate may start or end at nothing. */
const rateOrNone = z.union([z.literal(0), sessionRate], { error: "must be a number from 0 to 10000" });
const rateRange = section({ from: rateOrNone, to: rateOrNone });

type Issues = z.core.$RefinementCtx;

function complain(context: Issues, path: (string | number)[], message: string): void {
  context.addIssue({ code: "custom", path, message });
}

/** Streams or a rate, and only the options that go with it. */
function oneKind(load: Leveled<unknown>, context: Issues): void {
  if ((load.streams === undefined) === (load.rate === undefined)) {
    complain(context, [], "give either streams (callers) or rate (sessions a second)");
    return;
  }
  fittingKeys(load, load.streams !== undefined, context);
}

function fittingKeys(load: Keys, closed: boolean, context: Issues): void {
  const alien = Object.keys(closed ? { ...openKeys, arrivals } : closedKeys).filter((key) => key in load);
  const only = closed ? "a rate" : "streams";
  for (const key of alien) complain(context, [key], `goes with ${only} only`);
}

/** All steps of one kind, all lengths given or none. */
function oneSort(
  list: "steps" | "stages",
  parts: readonly { name?: string; for?: number; streams?: unknown; rate?: unknown }[],
  load: Keys,
  context: Issues,
): void {
  const closed = parts[0]?.streams !== undefined;
  const timed = parts[0]?.for !== undefined;
  for (const [index, part] of parts.entries()) {
    if ((part.streams === undefined) === (part.rate === undefined))
      complain(context, [list, index], "give either streams (callers) or rate (sessions a second)");
    else if ((part.streams !== undefined) !== closed)
      complain(context, [list, index], "streams and rates can't be mixed: a run is closed or open");
    if ((part.for !== undefined) !== timed)
      complain(context, [list, index], "give `for` everywhere, or nowhere to share the steady window evenly");
    if (part.name !== undefined && parts.findIndex(({ name }) => name === part.name) < index)
      complain(context, [list, index, "name"], `"${part.name}" is there twice`);
  }
  fittingKeys(load, closed, context);
}

const leveledStage = { name: stageName, for: length, phase };

const stage = z.discriminatedUnion(
  "model",
  [
    section({ ...leveledStage, model: z.literal("concurrency"), streams: streamCount }),
    section({ ...leveledStage, model: z.literal("constant"), rate: sessionRate }),
    section({ ...leveledStage, model: z.literal("poisson"), rate: sessionRate }),
    section({
      ...leveledStage,
      model: z.literal("ramp"),
      streams: countRange.exactOptional(),
      rate: rateRange.exactOptional(),
    }),
  ],
  { error: "unknown model of a stage; known are concurrency, constant, poisson and ramp" },
);

const MODELS = [
  section({ model: z.literal("concurrency"), streams: streamCount, iterations, ...closedKeys }),
  section({ model: z.literal("offline"), streams: streamCount, iterations, ...closedKeys }),
  section({ model: z.literal("constant"), rate: sessionRate, ...openKeys }),
  section({ model: z.literal("poisson"), rate: sessionRate, ...openKeys }),
  section({
    model: z.literal("soak"),
    streams: streamCount.exactOptional(),
    rate: sessionRate.exactOptional(),
    ...anyKeys,
  }).superRefine(oneKind),
  section({
    model: z.literal("ramp"),
    streams: countRange.exactOptional(),
    rate: rateRange.exactOptional(),
    over: length,
    ...anyKeys,
  }).superRefine(oneKind),
  section({
    model: z.literal("spike"),
    streams: section({ base: streamCount, peak: streamCount }).exactOptional(),
    rate: section({ base: rateOrNone, peak: sessionRate }).exactOptional(),
    at: pause.exactOptional(),
    for: length,
    ...anyKeys,
  }).superRefine(oneKind),
  section({
    model: z.literal("steps"),
    steps: z
      .array(
        section({
          name: stageName.exactOptional(),
          for: length,
          streams: streamCount.exactOptional(),
          rate: sessionRate.exactOptional(),
        }),
        { error: "must be a list of steps such as { streams: 50, for: 30s }" },
      )
      .min(1, "must have a step")
      .max(1000, "must be 1000 steps or fewer"),
    settle,
    ...anyKeys,
  }).superRefine((load, context) => oneSort("steps", load.steps, load, context)),
  section({
    model: z.literal("stages"),
    stages: z
      .array(stage, {
        error: "must be a list of stages such as { name: calm, model: concurrency, streams: 50 }",
      })
      .min(1, "must have a stage")
      .max(1000, "must be 1000 stages or fewer"),
    settle,
    ...closedKeys,
    ...openKeys,
  }).superRefine((load, context) => oneSort("stages", load.stages, load, context)),
  section({ model: z.literal("trace"), file: z.string().min(1), ...openKeys }),
] as const;

const MODEL_NAMES = MODELS.flatMap(({ shape }) => [...shape.model.values]);

export const loadFile: z.ZodType<LoadFile> = z.discriminatedUnion("model", MODELS, {
  error: ({ input }) => {
    if (typeof input !== "object" || input === null)
      return "must be keys with values, such as { model: concurrency, streams: 50 }";
    const near = "model" in input ? nearestName(String(input.model), MODEL_NAMES) : undefined;
    return near === undefined
      ? `unknown load model; known are ${MODEL_NAMES.join(", ")}`
      : `unknown load model; did you mean ${near}?`;
  },
});

/** How long a soak lasts that doesn't say. */
const SOAK_MS = 8 * HOUR_MS;

/** The length of the steady window that a load brings with it; undefined when the scenario has to say it. */
export function ownLengthMs(load: LoadFile): number | undefined {
  if (load.model === "soak") return SOAK_MS;
  if (load.model !== "steps" && load.model !== "stages") return undefined;
  const parts = load.model === "steps" ? load.steps : load.stages;
  const sumMs = parts.reduce((sum, part) => sum + (part.for ?? NaN), 0);
  return Number.isNaN(sumMs) ? undefined : sumMs;
}

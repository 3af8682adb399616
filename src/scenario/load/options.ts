/** Options that load models share: those of callers that are kept busy, and those of starts by the clock. */
import { defined } from "../../base/defined.ts";
import { z } from "zod";
import { section } from "../../base/yaml.ts";
import { durationMs, HOUR_MS, wholeNumber } from "./schema-fields.ts";

/** How the chunk clocks of the callers stand to each other. */
export type ChunkPhase = "aligned" | "spread" | "random";

/** How the starts of an open load are spaced: evenly, or as independent callers ring (exponential gaps). */
export type Spacing = "even" | "poisson";

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Options of closed loads, which keep callers busy: each caller's next session follows its last. */
export interface ClosedOptions {
  /** Callers come in evenly over this long: the first ones in the warm-up, those that a later step adds in that step. */
  readonly rampInMs: number;
  /** Pause of a caller between two sessions; with `thinkDistribution` its mean. */
  readonly thinkMs: number;
  readonly thinkDistribution?: "exponential";
  /** After so many sessions another caller takes the place: another order of clips, another random phase. */
  readonly sessionsPerCaller?: number;
  /** A caller's next session follows when its audio has been sent, not when it has been answered. */
  readonly next?: "after-sending";
}

/** Options of open loads, which start sessions by the clock. */
export interface OpenOptions {
  /** Most sessions open at once; what finds no place at its time is dropped and counted. */
  readonly maxOpen: number | "auto";
}

/** A level of callers, or of sessions a second with their spacing. */
export type Leveled<T> =
  | ({ readonly streams: T } & ClosedOptions)
  | ({ readonly rate: T; readonly arrivals: Spacing } & OpenOptions);

/** The parts of a scenario that a load's defaults follow from. */
export interface LoadContext {
  warmupMs: number;
  steadyMs: number;
  /** The scenario file: relative paths count from its folder. */
  path: string;
}

const auto = z.literal("auto");
export const pause: z.ZodType<number, string | number> = durationMs(0, HOUR_MS);

/** Keys of closed loads besides their level. */
export const closedKeys = {
  rampIn: z.union([auto, pause], { error: "must be auto or a duration" }).exactOptional(),
  think: z
    .union([pause, section({ mean: pause, distribution: z.enum(["exponential", "fixed"]) })], {
      error: "must be a duration, or { mean: 2s, distribution: exponential }",
    })
    .exactOptional(),
  sessionsPerCaller: wholeNumber(1, 100_000).exactOptional(),
  next: z
    .enum(["after-answer", "after-sending"], { error: "must be after-answer or after-sending" })
    .exactOptional(),
};

/** Keys of open loads besides their level. */
export const openKeys = {
  maxOpen: z
    .union([auto, wholeNumber(1, 100_000)], { error: "must be auto or a whole number from 1 to 100000" })
    .exactOptional(),
};

const arrivals = z.enum(["even", "poisson"], { error: "must be even or poisson" }).exactOptional();

/** Keys of loads that may be either; `oneKind` checks that those given go together. */
export const anyKeys = { ...closedKeys, ...openKeys, arrivals };

type ClosedKeys = z.output<z.ZodObject<typeof closedKeys>>;
type OpenKeys = z.output<z.ZodObject<typeof openKeys>>;
export type AnyKeys = z.output<z.ZodObject<typeof anyKeys>>;
type LeveledFile<T> = AnyKeys & { streams?: T; rate?: T };

export type Issues = z.core.$RefinementCtx;

/** Adds a problem of the file. */
export function complain(context: Issues, path: (string | number)[], message: string): void {
  context.addIssue({ code: "custom", path, message });
}

/** Streams or a rate, and only the options that go with it. */
export function oneKind(load: LeveledFile<unknown>, context: Issues): void {
  if ((load.streams === undefined) === (load.rate === undefined)) {
    complain(context, [], "give either streams (callers) or rate (sessions a second)");
    return;
  }
  fittingKeys(load, load.streams !== undefined, context);
}

/** No options of an open load in a closed one, nor the other way round. */
export function fittingKeys(load: AnyKeys, closed: boolean, context: Issues): void {
  const alien = Object.keys(closed ? { ...openKeys, arrivals } : closedKeys).filter((key) => key in load);
  const only = closed ? "a rate" : "streams";
  for (const key of alien) complain(context, [key], `goes with ${only} only`);
}

/** Options of a closed load, defaults filled in. */
export function closedOptions(
  { rampIn, think, sessionsPerCaller, next }: ClosedKeys,
  { warmupMs }: LoadContext,
): ClosedOptions {
  const mean = typeof think === "object" ? think.mean : think;
  return {
    // Half the warm-up: callers come in one after the other, and all are there well before anything is judged.
    rampInMs: rampIn === undefined || rampIn === "auto" ? warmupMs / 2 : rampIn,
    thinkMs: mean ?? 0,
    ...(typeof think === "object" && think.distribution === "exponential"
      ? { thinkDistribution: think.distribution }
      : {}),
    ...defined({ sessionsPerCaller }),
    ...(next === "after-sending" ? { next } : {}),
  };
}

/** Options of an open load, defaults filled in. */
export function openOptions({ maxOpen }: OpenKeys): OpenOptions {
  return { maxOpen: maxOpen ?? "auto" };
}

/** The level of a load that may be of either kind, with its options. */
export function leveled<T>(file: LeveledFile<T>, context: LoadContext): Leveled<T> {
  const { streams, rate, arrivals: spacing = "even" } = file;
  if (streams !== undefined) return { streams, ...closedOptions(file, context) };
  if (rate !== undefined) return { rate, arrivals: spacing, ...openOptions(file) };
  throw new Error("a load without a level passed its schema");
}

/** "at once" or "sessions a second". */
export function unitOf(load: object): string {
  return "streams" in load ? "at once" : "sessions a second";
}

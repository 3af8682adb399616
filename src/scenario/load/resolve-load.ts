/** A load between the words of a scenario file and what they mean: defaults filled in, units in the names. */
import { dirname, resolve } from "node:path";
import { formatDuration } from "../../base/duration.ts";
import { BenchError } from "../../base/errors.ts";
import type { ClosedKeys, LoadFile, OpenKeys, StageFile, StepFile } from "./load-schema.ts";
import type { ClosedOptions, Load, OpenOptions, Range, Spacing, StageLoad } from "./load.ts";

/** What of the rest of the scenario a load's defaults follow from. */
export interface LoadContext {
  warmupMs: number;
  steadyMs: number;
  /** The scenario file: relative paths count from its folder. */
  path: string;
}

/** @throws BenchError (exit 2) when a spike does not fit the steady window */
export function resolveLoad(file: LoadFile, context: LoadContext): Load {
  switch (file.model) {
    case "concurrency":
    case "offline": {
      const { model, streams, iterations } = file;
      return {
        model,
        streams,
        ...closed(file, context),
        ...(iterations === undefined ? {} : { iterations }),
      };
    }
    case "constant":
    case "poisson":
      return { model: file.model, rate: file.rate, ...open(file) };
    case "soak":
      return { model: file.model, ...leveled(file, context) };
    case "ramp":
      return { model: file.model, overMs: file.over ?? context.steadyMs, ...leveled(file, context) };
    case "spike":
      return { model: file.model, ...spikeTimes(file, context), ...leveled(file, context) };
    case "steps":
      return stepsLoad(file, context);
    case "stages": {
      const options = hasStreams(file.stages[0]) ? closed(file, context) : open(file);
      const stages = file.stages.map((stage) => stageLoad(stage, shareMs(stage.for, file.stages, context)));
      return { model: file.model, settleMs: file.settle ?? 0, stages, ...options };
    }
    case "trace":
      return { model: file.model, file: resolve(dirname(context.path), file.file), ...open(file) };
  }
}

function closed(
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
    ...(sessionsPerCaller === undefined ? {} : { sessionsPerCaller }),
    ...(next === "after-sending" ? { next } : {}),
  };
}

function open({ maxOpen }: OpenKeys): OpenOptions {
  return { maxOpen: maxOpen ?? "auto" };
}

type LeveledFile<T> = ClosedKeys & OpenKeys & { streams?: T; rate?: T; arrivals?: Spacing };

function leveled<T>(
  file: LeveledFile<T>,
  context: LoadContext,
): ({ streams: T } & ClosedOptions) | ({ rate: T; arrivals: Spacing } & OpenOptions) {
  const { streams, rate, arrivals = "even" } = file;
  if (streams !== undefined) return { streams, ...closed(file, context) };
  if (rate !== undefined) return { rate, arrivals, ...open(file) };
  throw new Error("a load without a level passed its schema");
}

/** By default a spike comes after a third of the window and lasts a fifth of it. */
function spikeTimes(
  file: { at?: number; for?: number },
  { steadyMs, path }: LoadContext,
): { atMs: number; forMs: number } {
  const atMs = file.at ?? Math.round(steadyMs / 3);
  const forMs = file.for ?? Math.round(steadyMs / 5);
  if (atMs + forMs > steadyMs) {
    throw BenchError.usage(
      `${path}: load: a spike at ${formatDuration(atMs)} for ${formatDuration(forMs)} is not over within the steady window ` +
        `of ${formatDuration(steadyMs)}`,
      "Leave `at` and `for` out and they follow the window.",
    );
  }
  return { atMs, forMs };
}

function stepsLoad(file: Extract<LoadFile, { model: "steps" }>, context: LoadContext): Load {
  const steps = file.steps.map((step, index) => ({
    name: step.name ?? levelName(file.steps, index),
    forMs: shareMs(step.for, file.steps, context),
  }));
  if (hasStreams(file.steps[0])) {
    const options = closed(file, context);
    return {
      model: file.model,
      // Until all of its callers are in, a step is not yet what it says.
      settleMs: file.settle ?? options.rampInMs,
      steps: steps.map((step, index) => ({ ...step, streams: file.steps[index]?.streams ?? NaN })),
      ...options,
    };
  }
  return {
    model: file.model,
    settleMs: file.settle ?? 0,
    steps: steps.map((step, index) => ({ ...step, rate: file.steps[index]?.rate ?? NaN })),
    arrivals: file.arrivals ?? "even",
    ...open(file),
  };
}

/** `streams-50`, `rate-2_5`; when a level comes again, `streams-50-2`. */
function levelName(steps: readonly StepFile[], index: number): string {
  const nameOf = ({ streams, rate }: StepFile): string =>
    streams === undefined ? `rate-${String(rate).replace(".", "_")}` : `streams-${streams}`;
  const names = steps.slice(0, index + 1).map(nameOf);
  const name = names[index] ?? "";
  const times = names.filter((other) => other === name).length;
  return times === 1 ? name : `${name}-${times}`;
}

function shareMs(forMs: number | undefined, parts: readonly unknown[], { steadyMs }: LoadContext): number {
  return forMs ?? steadyMs / parts.length;
}

function stageLoad(file: StageFile, forMs: number): StageLoad {
  const { name, phase } = file;
  const stage = { name, forMs, ...(phase === undefined ? {} : { phase }) };
  if (file.model === "concurrency") return { ...stage, model: file.model, streams: file.streams };
  if (file.model !== "ramp") return { ...stage, model: file.model, rate: file.rate };
  const none: Range = { from: 0, to: 0 };
  return file.streams === undefined
    ? { ...stage, model: file.model, rate: file.rate ?? none }
    : { ...stage, model: file.model, streams: file.streams };
}

function hasStreams(part: { streams?: unknown } | { rate?: unknown } | undefined): boolean {
  return part !== undefined && "streams" in part;
}

/** Keys that hold durations, as the file calls them. */
const DURATIONS: ReadonlySet<string> = new Set(["rampIn", "think", "over", "at", "for", "settle"]);

/** The load as a file says it: reads back as the same load. */
export function loadAsFile(load: Load): unknown {
  const { thinkDistribution, ...rest } = load as Load & { thinkDistribution?: string };
  const file = withoutUnits(rest) as Record<string, unknown>;
  if (thinkDistribution !== undefined) {
    file["think"] = { mean: file["think"], distribution: thinkDistribution };
  }
  return file;
}

function withoutUnits(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnits);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const plain = key.replace(/Ms$/, "");
      return key !== plain && DURATIONS.has(plain) && typeof inner === "number"
        ? [plain, formatDuration(inner)]
        : [key, withoutUnits(inner)];
    }),
  );
}

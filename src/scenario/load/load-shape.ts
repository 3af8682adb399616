/** From the load of a scenario to its level over the run, and the stages that sessions belong to by their planned start. Pure. */
import type { ChunkPhase, Load, Range, Spacing, StageLoad } from "./load.ts";
import { isClosed } from "./load.ts";
import type { Segment } from "./level.ts";

/** From here on sessions belong to this stage. */
export interface StageMark {
  fromMs: number;
  name: string;
  /** Chunk phase in place of the scenario's. */
  phase?: ChunkPhase;
}

export interface LoadShape {
  /** Empty for a trace, whose starts are in its file. */
  segments: Segment[];
  /** The first begins at 0. */
  stages: StageMark[];
}

/** The stage of sessions that are planned too soon after a change of stage to stand for either. */
export const TRANSITION = "transition";
/** The stage of loads that have but one. */
const MAIN = "main";

/** One level, or one ramp, of the steady window. */
interface Part {
  /** Infinity: for the rest of the run. */
  forMs: number;
  from: number;
  to: number;
  spacing?: Spacing;
  /** Callers come in over this long at its beginning, when there are more than before. */
  rampInMs?: number;
}

/** The shape of a load. Its parts follow each other from the start of the steady window; the last level is held. */
export function loadShape(load: Load, warmupMs: number): LoadShape {
  if (load.model === "trace") return { segments: [], stages: [{ fromMs: 0, name: MAIN }] };
  const parts = partsOf(load);
  const rampInMs = isClosed(load) ? load.rampInMs : 0;
  return { segments: segmentsOf(parts, warmupMs, rampInMs), stages: stagesOf(load, warmupMs) };
}

function partsOf(load: Exclude<Load, { model: "trace" }>): Part[] {
  switch (load.model) {
    case "concurrency":
    case "offline":
      return [held(load.streams)];
    case "constant":
      return [held(load.rate, "even")];
    case "poisson":
      return [held(load.rate, "poisson")];
    case "soak":
      return ["streams" in load ? held(load.streams) : held(load.rate, load.arrivals)];
    case "ramp":
      return "streams" in load
        ? [ramp(load.streams, load.overMs)]
        : [ramp(load.rate, load.overMs, load.arrivals)];
    case "spike": {
      const { base, peak } = "streams" in load ? load.streams : load.rate;
      const spacing = "streams" in load ? undefined : load.arrivals;
      // No ramp-in: all come at once, that is what a spike is.
      return [
        { ...held(base, spacing), forMs: load.atMs },
        { ...held(peak, spacing), forMs: load.forMs },
        held(base, spacing),
      ];
    }
    case "steps":
      return isClosed(load)
        ? load.steps.map((step) => callers(step.forMs, "streams" in step ? step.streams : 0, load.rampInMs))
        : load.steps.map((step) => ({
            ...held("rate" in step ? step.rate : 0, load.arrivals),
            forMs: step.forMs,
          }));
    case "stages":
      return load.stages.map((stage) => stagePart(stage, isClosed(load) ? load.rampInMs : 0));
  }
}

function stagePart(stage: StageLoad, rampInMs: number): Part {
  switch (stage.model) {
    case "concurrency":
      return callers(stage.forMs, stage.streams, rampInMs);
    case "constant":
      return { ...held(stage.rate, "even"), forMs: stage.forMs };
    case "poisson":
      return { ...held(stage.rate, "poisson"), forMs: stage.forMs };
    case "ramp":
      return "streams" in stage ? ramp(stage.streams, stage.forMs) : ramp(stage.rate, stage.forMs, "even");
  }
}

function held(level: number, spacing?: Spacing): Part {
  return { forMs: Infinity, from: level, to: level, ...(spacing === undefined ? {} : { spacing }) };
}

function ramp({ from, to }: Range, forMs: number, spacing?: Spacing): Part {
  return { forMs, from, to, ...(spacing === undefined ? {} : { spacing }) };
}

/** A level of callers; half of its time at most goes by until all are in. */
function callers(forMs: number, streams: number, rampInMs: number): Part {
  return { ...held(streams), forMs, rampInMs: Math.min(rampInMs, forMs / 2) };
}

/** Lays the parts end to end, with the first level before them and the last one after them. */
function segmentsOf(parts: readonly Part[], warmupMs: number, rampInMs: number): Segment[] {
  const segments: Segment[] = [];
  let atMs = 0;
  let level = 0;
  const lay = (forMs: number, from: number, to: number, spacing: Spacing | undefined): void => {
    level = to;
    if (forMs <= 0) return;
    const fromMs = atMs;
    atMs += forMs;
    segments.push({ fromMs, toMs: atMs, from, to, ...(spacing === undefined ? {} : { spacing }) });
  };
  const first = parts[0];
  if (first === undefined) return segments;
  if (parts.length === 1 && first.forMs === Infinity) {
    lay(rampInMs, 0, first.to, first.spacing);
  } else {
    const comingInMs = Math.min(rampInMs, warmupMs);
    lay(comingInMs, 0, first.from, first.spacing);
    lay(warmupMs - comingInMs, first.from, first.from, first.spacing);
    if (warmupMs === 0) level = 0;
  }
  for (const { forMs, from, to, spacing, rampInMs: partRampInMs = 0 } of parts) {
    const comingInMs = from > level ? partRampInMs : 0;
    lay(comingInMs, level, from, spacing);
    lay(forMs - comingInMs, from, to, spacing);
  }
  const last = parts.at(-1);
  if (last !== undefined && atMs !== Infinity) lay(Infinity, last.to, last.to, last.spacing);
  return segments;
}

/** Names by planned start; the warm-up bears the name of the first stage. */
function stagesOf(load: Load, warmupMs: number): StageMark[] {
  switch (load.model) {
    case "steps":
      return marks(load.steps, warmupMs, load.settleMs);
    case "stages":
      return marks(load.stages, warmupMs, load.settleMs);
    case "spike":
      return marks(
        [
          { name: "before", forMs: load.atMs },
          { name: "spike", forMs: load.forMs },
          { name: "after", forMs: Infinity },
        ],
        warmupMs,
        0,
      );
    default:
      return [{ fromMs: 0, name: MAIN }];
  }
}

function marks(
  stages: readonly { name: string; forMs: number; phase?: ChunkPhase }[],
  warmupMs: number,
  settleMs: number,
): StageMark[] {
  const result: StageMark[] = [];
  let fromMs = warmupMs;
  for (const [index, { name, forMs, phase }] of stages.entries()) {
    const own = phase === undefined ? {} : { phase };
    const settledMs = Math.min(settleMs, forMs);
    if (index > 0 && settledMs > 0) result.push({ fromMs, name: TRANSITION, ...own });
    result.push({ fromMs: index === 0 ? 0 : fromMs + settledMs, name, ...own });
    fromMs += forMs;
  }
  return result;
}

/** For people: the stage of this moment, "transition" between two; undefined for a load that has but one. */
export function stageNameAt(stages: readonly StageMark[], atMs: number): string | undefined {
  return stages.length === 1 ? undefined : stageAt(stages, atMs)?.name;
}

/** The stage that a planned start falls into. */
export function stageAt(stages: readonly StageMark[], atMs: number): StageMark | undefined {
  return stages.findLast(({ fromMs }) => fromMs <= atMs);
}

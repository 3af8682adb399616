/** From the load of a scenario to its level over the run, and the stages that sessions belong to by their planned start. Pure. */
import type { Segment } from "./level.ts";
import type { Load } from "./models.ts";
import { modelOf } from "./models.ts";
import type { ChunkPhase, Spacing } from "./options.ts";
import type { NamedPart, Part } from "./parts.ts";

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

/** The shape of a load. Its parts follow each other from the start of the steady window; the last level is held. */
export function loadShape(load: Load, warmupMs: number): LoadShape {
  const model = modelOf(load);
  const rampInMs = "rampInMs" in load ? load.rampInMs : 0;
  const { parts, settleMs } = model.stages?.(load) ?? {
    parts: [{ name: MAIN, forMs: Infinity }],
    settleMs: 0,
  };
  return {
    segments: segmentsOf(model.parts(load), warmupMs, rampInMs),
    stages: marks(parts, warmupMs, settleMs),
  };
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
function marks(stages: readonly NamedPart[], warmupMs: number, settleMs: number): StageMark[] {
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

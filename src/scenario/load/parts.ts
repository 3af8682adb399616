/** A load over time, as pieces that follow each other from the start of the steady window. */
import type { ChunkPhase, Range, Spacing } from "./options.ts";

/** One level, or one ramp, of the steady window. */
export interface Part {
  /** Infinity: for the rest of the run. */
  forMs: number;
  from: number;
  to: number;
  spacing?: Spacing;
  /** Callers come in over this long at its beginning, when there are more than before. */
  rampInMs?: number;
}

/** A part of the run that is reported by itself. */
export interface NamedPart {
  readonly name: string;
  readonly forMs: number;
  /** Chunk phase in place of the scenario's. */
  readonly phase?: ChunkPhase;
}

/** A level, for the rest of the run. */
export function held(level: number, spacing?: Spacing): Part {
  return { forMs: Infinity, from: level, to: level, ...(spacing === undefined ? {} : { spacing }) };
}

/** From one level to another, evenly. */
export function ramp({ from, to }: Range, forMs: number, spacing?: Spacing): Part {
  return { forMs, from, to, ...(spacing === undefined ? {} : { spacing }) };
}

/** A level of callers; half of its time at most goes by until all are in. */
export function callers(forMs: number, streams: number, rampInMs: number): Part {
  return { ...held(streams), forMs, rampInMs: Math.min(rampInMs, forMs / 2) };
}

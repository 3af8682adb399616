/** Questions about a load, whatever its model. Times are milliseconds. */
import type { Load } from "./models.ts";
import { modelOf } from "./models.ts";
import type { ClosedOptions } from "./options.ts";

export type { Load } from "./models.ts";
export type { ChunkPhase, ClosedOptions, OpenOptions } from "./options.ts";

export type ClosedLoad = Extract<Load, ClosedOptions>;

/** True for loads of callers, false for loads that start sessions by the clock. */
export function isClosed(load: Load): load is ClosedLoad {
  return "thinkMs" in load;
}

/** How many sessions each caller does, where the load says so. */
export function iterationsOf(load: Load): number | undefined {
  return "iterations" in load ? load.iterations : undefined;
}

/** True for a load without the pace of a microphone: no audio is ever due. */
export function isUnpaced(load: { model: string }): boolean {
  return modelOf(load).isUnpaced === true;
}

/**
 * True for a load that is the same from the ramp-in to an end that the clock sets. Only then is a trend the server's doing,
 * and only then can the window be made longer without being another load.
 */
export function isLevel(load: Load): boolean {
  return modelOf(load).isLevel === true && iterationsOf(load) === undefined;
}

/** True when sessions come as independent callers ring: how many are open then wanders by itself. */
export function comesAtRandom(load: Load): boolean {
  return modelOf(load).comesAtRandom === true || ("arrivals" in load && load.arrivals === "poisson");
}

/** The load in a few words, for lists. */
export function loadInWords(load: Load): string {
  return modelOf(load).words(load);
}

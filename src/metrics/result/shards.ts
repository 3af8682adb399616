/** Runs that several machines made without a broker, as results have them: `bench run --shard`, put together by `bench merge`. */

/** Parts that one plan may have: the records of all are open at once when they are put together. */
export const MOST_SHARDS = 256;

/** The part of a plan that one machine carried. */
export interface ShardFacts {
  /** From 1. */
  index: number;
  /** Parts of the plan, each carried by one machine. */
  count: number;
  /** The planned T0 by the wall clock of this machine, ISO 8601. Nothing compared that clock with those of the others. */
  startAt: string;
  /** Over the names of the metadata that its calls carried, and over the values that are no secrets. */
  metadataSha256?: string;
  /** Time in the window that its callers paused after failures, milliseconds; known at the end. */
  pausedSlotMs?: number;
  /** Whether the target could still be connected to right after the load; absent when nobody looked. */
  reachableAtEnd?: boolean;
}

/** One part in a run that was put together. */
export interface MergedShard {
  /** From 1. */
  index: number;
  /** Id of its own run. */
  run: string;
  host: string;
  startedAt: string;
  workers: number;
  /** It was interrupted or killed before its end: from there on it counts as lost. */
  cutShort?: true;
  /** It was interrupted, or its disk was full, when its window was over: what it had under way then counts as lost. */
  cutInDrain?: true;
}

/** The parts of a run that was put together. */
export interface MergedShards {
  /** Parts of the plan. */
  count: number;
  merged: MergedShard[];
  /** Parts that there is nothing of, from 1: their sessions count as lost. */
  missing: number[];
  /** From the first T0 to the last one, by each machine's own wall clock, milliseconds. */
  startSpreadMs: number;
}

/** Between the process that watches and the thread that fuzzes. */
import type { Find } from "./engine.ts";

export type ToFuzzer =
  | { do: "run"; target: string; forMs: number }
  /** Once, to see whether it ends. */
  | { do: "try"; target: string; input: Uint8Array };

export type FromFuzzer =
  | { type: "find"; find: Find }
  /** The fuzzer itself failed. */
  | { type: "broken"; message: string }
  | { type: "tried"; tookMs: number }
  | { type: "slice"; target: string; figures: Figures };

/** Of one target, since the start of the thread. */
export interface Figures {
  executions: number;
  busyMs: number;
  slowestMs: number;
  kinds: number;
  /** What the slice left behind after a garbage collection: heap, buffers and what they hold. */
  leftBytes: number;
}

/** The input being executed: how many began, its length, then its bytes. */
export const CURRENT: { count: 0; length: 1; headerBytes: number; longestBytes: number } = {
  count: 0,
  length: 1,
  headerBytes: 8,
  longestBytes: 1_048_576,
};

export interface FuzzerSetup {
  seed: number;
  current: SharedArrayBuffer;
}

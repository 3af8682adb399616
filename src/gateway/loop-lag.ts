/** The longest delay of the event loop within the last half minute, whoever asks and however often. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../base/clock.ts";

/** The part of Node's histogram that is used; nanoseconds. */
export interface DelayHistogram {
  readonly max: number;
  reset(): void;
}

export interface LoopLag {
  maxMs(): number;
  stop(): void;
}

const TICK_MS = 20;
const PART_MS = 5000;
const PARTS = 6;

/** @param histogram for tests */
export function watchLoopLag(clock: Clock, histogram: DelayHistogram = nodeHistogram()): LoopLag {
  const parts: number[] = [];
  // Node measures from tick to tick, so its own interval is in it. A histogram without values says 0.
  const present = (): number => Math.max(0, histogram.max / 1e6 - TICK_MS);
  let stopTimer = clock.wakeAt(clock.nowMs() + PART_MS, next);

  function next(): void {
    parts.push(present());
    if (parts.length >= PARTS) parts.shift();
    histogram.reset();
    stopTimer = clock.wakeAt(clock.nowMs() + PART_MS, next);
  }

  return {
    maxMs: () => Math.max(present(), ...parts),
    stop: () => stopTimer(),
  };
}

function nodeHistogram(): DelayHistogram {
  const histogram = monitorEventLoopDelay({ resolution: TICK_MS });
  histogram.enable();
  return histogram;
}

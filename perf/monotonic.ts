/**
 * One time for several processes. `performance.now()` counts from each process's own start; the high-resolution timer
 * is CLOCK_MONOTONIC, the same for every process of a machine, so that stamps of a generator and of the null server may
 * be subtracted.
 */
import process from "node:process";
import { realClock } from "../src/base/clock.ts";

/** Milliseconds with fractions on the machine's monotonic clock. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * What to add to a reading of `realClock` to get machine time, constant for the life of the process. Between the two
 * readings time only passes, so the smallest of a few differences is the nearest to the truth.
 */
export const realClockOffsetMs: number = Math.min(
  ...Array.from({ length: 16 }, () => {
    const readingMs = realClock.nowMs();
    return monotonicMs() - readingMs;
  }),
);

/** How often the machine lets no process run: what a test that measures milliseconds may blame, and nothing else. */

import { expect } from "vitest";

const ATTEMPTS = 3;
/** A process that stands still so long spoils what is measured beside it. */
export const STALL_MS = 8;

/**
 * Measures until the machine lets it: up to three times. Skips the test where the machine let even this idle process stand still in every
 * attempt, which no code can mend; a bad attempt on a machine that did not stand still fails it.
 *
 * @param isSpoiled whether a measurement is what a disturbed machine would give
 */
export async function unlessSpoiled<T>(
  measure: () => Promise<T>,
  isSpoiled: (measured: T) => boolean,
  skip: (why: string) => void,
): Promise<T> {
  const stalls: string[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { result, stallsMs } = await stallsDuring(measure, STALL_MS);
    if (!isSpoiled(result)) return result;
    if (stallsMs.length > 0) stalls.push(stallsMs.map((ms) => ms.toFixed(0)).join(", "));
  }
  expect(stalls, "spoiled on a machine that did not stand still").toHaveLength(ATTEMPTS);
  skip(`the machine stood still in every attempt, ms: ${stalls.join("; ")}`);
  throw new Error("skipped");
}

/** Gaps of the event loop above `longerThanMs` while `work` went on. This process must have nothing else to do. */
export async function stallsDuring<T>(
  work: () => Promise<T>,
  longerThanMs: number,
): Promise<{ result: T; stallsMs: number[] }> {
  const stallsMs: number[] = [];
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    if (nowMs - lastMs > longerThanMs) stallsMs.push(nowMs - lastMs);
    lastMs = nowMs;
  }, 1);
  try {
    return { result: await work(), stallsMs };
  } finally {
    clearInterval(timer);
  }
}

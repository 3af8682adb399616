/**
 * Notices when this process did not get to run: a stop signal, a busy loop, a machine without a free core. Every
 * process of a run watches itself, since nobody else can tell.
 */
import type { Clock } from "../clock.ts";

/** Ticks this far apart when nothing is wrong. */
const TICK_MS = 20;

/**
 * Calls `onGap(gapMs, atMs)` whenever two ticks were `reportMs` or more apart; `atMs` is when the gap ended, on `clock`.
 * @returns a function that ends the watch
 */
export function watchStalls(
  clock: Clock,
  reportMs: number,
  onGap: (gapMs: number, atMs: number) => void,
): () => void {
  let lastMs = clock.nowMs();
  let cancel = clock.wakeAt(lastMs + TICK_MS, tick);
  function tick(): void {
    const nowMs = clock.nowMs();
    const gapMs = nowMs - lastMs;
    lastMs = nowMs;
    cancel = clock.wakeAt(nowMs + TICK_MS, tick);
    if (gapMs >= reportMs) onGap(gapMs, nowMs);
  }
  return () => {
    cancel();
  };
}

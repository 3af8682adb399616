/** Waiting that a signal ends. */
import type { Clock } from "../base/clock.ts";

/** Resolves at `atMs` on the clock, or sooner when the signal is aborted. */
export function sleepUntil(atMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted || clock.nowMs() >= atMs) {
      done();
      return;
    }
    const wake = (): void => {
      cancel();
      signal.removeEventListener("abort", wake);
      done();
    };
    const cancel = clock.wakeAt(atMs, wake);
    signal.addEventListener("abort", wake);
  });
}

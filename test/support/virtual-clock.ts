/** Time for tests. */
import type { Clock } from "../../src/base/clock.ts";

/**
 * A clock that stands still until it is told to move: for tests. `advanceTo` runs what falls due, in order of time, and
 * what that schedules in turn.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #epochOffsetMs: number;
  #wallStepMs = 0;
  #waiting: { atMs: number; wake: () => void }[] = [];

  constructor(startMs = 0, epochMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
    this.#epochOffsetMs = epochMs - startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  machineMs(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return this.#nowMs + this.#epochOffsetMs;
  }

  wallMs(): number {
    return this.epochMs() + this.#wallStepMs;
  }

  /** The wall clock is set, to a later time or (below zero) an earlier one. */
  stepWall(byMs: number): void {
    this.#wallStepMs += byMs;
  }

  wakeAt(atMs: number, wake: () => void): () => void {
    const entry = { atMs, wake };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  wakeExactlyAt(atMs: number, wake: () => void): () => void {
    return this.wakeAt(atMs, wake);
  }

  /** Moves time to `atMs`, waking everything due on the way. */
  advanceTo(atMs: number): void {
    for (;;) {
      let next: { atMs: number; wake: () => void } | undefined;
      for (const entry of this.#waiting) {
        if (entry.atMs <= atMs && (next === undefined || entry.atMs < next.atMs)) next = entry;
      }
      if (next === undefined) break;
      const due = next;
      this.#waiting = this.#waiting.filter((other) => other !== due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.wake();
    }
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  /** Time passes without anything running: a stalled process. */
  stall(durationMs: number): void {
    this.#nowMs += durationMs;
  }
}

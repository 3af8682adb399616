/**
 * One scheduler per process, with absolute deadlines, for every session start and every chunk of audio.
 *
 * A hashed timing wheel of 1 ms slots: adding and firing cost the same at 8 streams and at 8,000, entries are linked
 * through themselves (nothing is allocated), and the process sleeps until the next entry is due instead of ticking.
 * An entry is never fired early; when the process was held up, everything overdue is fired in order of its slot, as fast
 * as it can be, and the lateness is there for all to see in the stamps.
 */
import type { Clock } from "../../base/clock.ts";

/** Something due at an instant. An entry is in the wheel at most once at a time. */
export interface Timed {
  /** On the scheduler's clock. Don't change it while the entry is in the wheel. */
  dueMs: number;
  /** The wheel's own link. */
  nextTimed: Timed | undefined;
  /** Called once, not before `dueMs`. May add entries, itself included. */
  fire(): void;
}

export interface Scheduler {
  /** Puts an entry in; one that is already due fires at the next turn of the event loop. */
  add(entry: Timed): void;
  /** Forgets everything and goes to sleep for good. */
  stop(): void;
}

const SLOTS = 4096;
const MASK = SLOTS - 1;
/**
 * Entries due further apart than this, on average, each get an exact wake: some 60 streams of 100 ms chunks. Above it one
 * wake serves several entries, and standing still before each would hold up the responses.
 */
const SPARSE_GAP_MS = 1.5;
/** Weight of one gap in their moving average. */
const GAP_WEIGHT = 1 / 32;

/** Creates a scheduler that runs on `clock`. */
export function createScheduler(clock: Clock): Scheduler {
  const wheel: (Timed | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  let size = 0;
  /** Slots before this millisecond have been emptied of everything due. */
  let cursorMs = Math.floor(clock.nowMs());
  let armedForMs = Infinity;
  let disarm: (() => void) | undefined;
  let firing = false;
  let stopped = false;
  /** Moving average of the time between entries fired one after the other. */
  let gapMs = SPARSE_GAP_MS * 2;
  let lastDueMs = -Infinity;

  function add(entry: Timed): void {
    const slotMs = Math.max(Math.floor(entry.dueMs), cursorMs);
    entry.nextTimed = wheel[slotMs & MASK];
    wheel[slotMs & MASK] = entry;
    size++;
    if (!firing && entry.dueMs < armedForMs) arm(entry.dueMs);
  }

  function arm(atMs: number): void {
    disarm?.();
    disarm = undefined;
    armedForMs = atMs;
    if (atMs !== Infinity && !stopped)
      disarm = gapMs > SPARSE_GAP_MS ? clock.wakeExactlyAt(atMs, wake) : clock.wakeAt(atMs, wake);
  }

  function wake(): void {
    firing = true;
    disarm = undefined;
    const nowMs = clock.nowMs();
    const lastMs = Math.floor(nowMs);
    // After a stall longer than the wheel, one full turn visits every slot.
    if (lastMs - cursorMs >= SLOTS) cursorMs = lastMs - SLOTS + 1;
    for (; !stopped; cursorMs++) {
      // Firing may put new due entries into the slot at hand: go on until it holds none.
      while (fireDue(cursorMs & MASK, nowMs));
      if (cursorMs >= lastMs) break;
    }
    firing = false;
    arm(nextDueMs());
  }

  /** Fires what is due in a slot and keeps the rest (this slot's later part of a millisecond, or a later turn's). */
  function fireDue(slot: number, nowMs: number): boolean {
    let entry = wheel[slot];
    wheel[slot] = undefined;
    let fired = false;
    while (entry !== undefined) {
      const next: Timed | undefined = entry.nextTimed;
      if (entry.dueMs <= nowMs) {
        entry.nextTimed = undefined;
        size--;
        fired = true;
        const sinceLastMs = Math.min(Math.max(0, entry.dueMs - lastDueMs), 100);
        gapMs += (sinceLastMs - gapMs) * GAP_WEIGHT;
        lastDueMs = Math.max(lastDueMs, entry.dueMs);
        entry.fire();
      } else {
        entry.nextTimed = wheel[slot];
        wheel[slot] = entry;
      }
      entry = next;
    }
    return fired && wheel[slot] !== undefined;
  }

  function nextDueMs(): number {
    if (size === 0) return Infinity;
    for (let slotMs = cursorMs; slotMs < cursorMs + SLOTS; slotMs++) {
      let earliest = Infinity;
      for (let entry = wheel[slotMs & MASK]; entry !== undefined; entry = entry.nextTimed) {
        if (entry.dueMs < slotMs + 1 && entry.dueMs < earliest) earliest = entry.dueMs;
      }
      if (earliest !== Infinity) return earliest;
    }
    // Everything is more than a turn away.
    return cursorMs + SLOTS;
  }

  return {
    add,
    stop() {
      stopped = true;
      arm(Infinity);
      wheel.fill(undefined);
      size = 0;
    },
  };
}

/** A plain entry for things that are not on the hot path: calls `fire` at `dueMs`. */
export function timed(dueMs: number, fire: () => void): Timed {
  return { dueMs, nextTimed: undefined, fire };
}

/**
 * Work that can wait, such as writing down a session that has ended. Sessions in step end together, and an answer is stamped when
 * the event loop comes to it: were the first session written down at once, the answers to the others would seem to have come
 * later than they did.
 */
import type { Clock } from "../base/clock.ts";

/**
 * After the first of a burst: the answers to streams in step come well within it. The first item after a pause finds none of
 * its code in the processor's caches and takes six times as long as the next ones, so there are few pauses.
 */
const PAUSE_MS = 250;

/**
 * Of each turn of the event loop. One session after another takes a third less than each on its own among a thousand streams,
 * whose data has left the processor's caches meanwhile; longer would show in the lateness of sends.
 */
const SLICE_MS = 1;

/** However long it takes, one in so many of those that wait is taken in a turn, at least one: any number is worked off. */
const SHARE = 8;

export interface LaterTurns<T> {
  /** Puts an item in; where none waits, it is left alone for a quarter of a second. */
  add(item: T): void;
  /** Takes all that wait now. */
  flush(): void;
}

/** Hands items to `take` in the order they came, after a pause for a millisecond in each turn of the event loop. */
export function inLaterTurns<T>(clock: Pick<Clock, "nowMs">, take: (item: T) => void): LaterTurns<T> {
  const waiting: T[] = [];
  let planned = false;

  function turn(): void {
    const endMs = clock.nowMs() + SLICE_MS;
    let left = Math.ceil(waiting.length / SHARE);
    let taken = 0;
    for (const item of waiting) {
      if (left-- <= 0 && clock.nowMs() >= endMs) break;
      take(item);
      taken++;
    }
    waiting.splice(0, taken);
    planned = waiting.length > 0;
    if (planned) setImmediate(turn);
  }

  return {
    add(item) {
      waiting.push(item);
      if (planned) return;
      planned = true;
      setTimeout(turn, PAUSE_MS);
    },
    flush() {
      for (const item of waiting.splice(0)) take(item);
    },
  };
}

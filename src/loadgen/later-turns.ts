/**
 * Work that can wait, such as writing down a session that has ended. Sessions in step end together, and an answer is stamped when
 * the event loop comes to it: were the first session written down at once, the answers to the others would seem to have come
 * later than they did.
 */

/** After the first of a burst: the answers to streams in step come within this. */
const PAUSE_MS = 100;

/** Of the items that wait, one in so many is taken in a turn, at least one: any number is worked off. */
const SHARE = 8;

export interface LaterTurns<T> {
  /** Puts an item in; where none waits, it is left alone for 100 ms. */
  add(item: T): void;
  /** Takes all that wait now. */
  flush(): void;
}

/** Hands items to `take` in the order they came, after a pause a few in each turn of the event loop. */
export function inLaterTurns<T>(take: (item: T) => void): LaterTurns<T> {
  const waiting: T[] = [];
  let planned = false;

  function turn(): void {
    takeFirst(Math.ceil(waiting.length / SHARE));
    planned = waiting.length > 0;
    if (planned) setImmediate(turn);
  }

  function takeFirst(count: number): void {
    for (const item of waiting.splice(0, count)) take(item);
  }

  return {
    add(item) {
      waiting.push(item);
      if (planned) return;
      planned = true;
      setTimeout(turn, PAUSE_MS);
    },
    flush: () => takeFirst(waiting.length),
  };
}

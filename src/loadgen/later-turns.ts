/**
 * Work that can wait, such as writing down a session that has ended. Sessions in step end together, and an answer is stamped when
 * the event loop comes to it: were the first session written down at once, the answers to the others would seem to have come
 * later than they did.
 */

/** Of the items that wait, one in so many is taken in a turn, at least one: any number is worked off. */
const SHARE = 8;

export interface LaterTurns<T> {
  /** Puts an item in; none is taken before the current turn of the event loop is over. */
  add(item: T): void;
  /** Takes all that wait now. */
  flush(): void;
}

/** Hands items to `take` in the order they came, a few in each turn of the event loop. */
export function inLaterTurns<T>(take: (item: T) => void): LaterTurns<T> {
  const waiting: T[] = [];
  let planned = false;

  function plan(): void {
    if (planned || waiting.length === 0) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      takeFirst(Math.ceil(waiting.length / SHARE));
      plan();
    });
  }

  function takeFirst(count: number): void {
    for (const item of waiting.splice(0, count)) take(item);
  }

  return {
    add(item) {
      waiting.push(item);
      plan();
    },
    flush: () => takeFirst(waiting.length),
  };
}

/**
 * Work that can wait, such as writing down a session that has ended. Sessions in step end together, and an answer is stamped when
 * the event loop comes to it: were the first session written down at once, the answers to the others would seem to have come
 * later than they did.
 *
 * It waits until it is asked for, once a second: after a pause the first item finds none of its code in the processor's caches and
 * takes six times as long as the next ones, and the sessions that go on miss theirs in turn.
 */
import type { Clock } from "../../base/clock.ts";

/** Of each turn of the event loop; longer would show in the lateness of sends. */
const SLICE_MS = 1;

/** A round ends after so many turns however long its items take: what comes in meanwhile stays bounded. */
const MOST_TURNS = 64;

export interface LaterTurns<T> {
  /** Puts an item in. */
  add(item: T): void;
  /** Begins a round: takes all that wait now, in the order they came, and then calls back. One round at a time. */
  work(done: () => void): void;
  /** Takes all that wait now, at once. A round under way ends with that. */
  flush(): void;
}

/** Hands items to `take`, for a millisecond in each turn of the event loop. */
export function inLaterTurns<T>(clock: Pick<Clock, "nowMs">, take: (item: T) => void): LaterTurns<T> {
  let waiting: T[] = [];
  let round: T[] = [];
  let atLeast = 0;
  let endOfRound: (() => void) | undefined;
  let planned: NodeJS.Immediate | undefined;

  function turn(): void {
    const endMs = clock.nowMs() + SLICE_MS;
    let taken = 0;
    for (const item of round) {
      if (taken >= atLeast && clock.nowMs() >= endMs) break;
      take(item);
      taken++;
    }
    round.splice(0, taken);
    if (round.length > 0) planned = setImmediate(turn);
    else endRound();
  }

  function endRound(): void {
    const done = endOfRound;
    endOfRound = undefined;
    done?.();
  }

  return {
    add(item) {
      waiting.push(item);
    },
    work(done) {
      round = waiting;
      waiting = [];
      atLeast = Math.ceil(round.length / MOST_TURNS);
      endOfRound = done;
      turn();
    },
    flush() {
      clearImmediate(planned);
      for (const item of round.splice(0)) take(item);
      endRound();
      for (const item of waiting.splice(0)) take(item);
    },
  };
}

/** Work that is done ahead of its time, a little in each turn of the event loop, so that sockets and timers come between. */
import type { Clock } from "../../base/clock.ts";

/** Time that each turn gives to it. */
const TURN_MS = 1;

/** Returns a function that queues work; its pieces run in order and none of them may throw. */
export function idleQueue(clock: Pick<Clock, "nowMs">): (work: () => void) => void {
  const waiting: (() => void)[] = [];
  let next = 0;
  const turn = (): void => {
    const untilMs = clock.nowMs() + TURN_MS;
    while (next < waiting.length && clock.nowMs() < untilMs) waiting[next++]?.();
    if (next < waiting.length) {
      setImmediate(turn);
    } else {
      waiting.length = 0;
      next = 0;
    }
  };
  return (work) => {
    waiting.push(work);
    if (waiting.length === 1) setImmediate(turn);
  };
}

/** A share of a plan that tells which clips will be played before they are. */
import type { Arrival, OpenPlan } from "./open-plan.ts";
import type { Plan, SlotPlan } from "./plan.ts";
import type { Share } from "./share.ts";

/** Arrivals are told this long before their time: a disk that has gone to sleep is awake by then. */
const AHEAD_MS = 3000;

/**
 * The same plan, for one use by one worker. A caller's clip is told when the session before it starts, that of its first session at
 * once; an arrival's some seconds before its time.
 *
 * @param want told each clip once for each session
 */
export function readAhead(plan: Plan, share: Share, want: (clip: number) => void): Plan {
  if (plan.kind === "open") {
    const arrivals = arrivalsAhead(plan, share, want);
    return { ...plan, arrivals: () => arrivals };
  }
  const slots = plan.slots(share).map((slot) => slotAhead(slot, want));
  return { ...plan, slots: () => slots };
}

function slotAhead(slot: SlotPlan, want: (clip: number) => void): SlotPlan {
  let ahead = slot.next();
  want(ahead.clip);
  return {
    ...slot,
    next() {
      const turn = ahead;
      ahead = slot.next();
      want(ahead.clip);
      return turn;
    },
  };
}

function arrivalsAhead(plan: OpenPlan, share: Share, want: (clip: number) => void): Generator<Arrival, void> {
  const arrivals = plan.arrivals(share);
  const queue: Arrival[] = [];
  let isOver = false;
  /** Fills the queue up to one arrival beyond that time. */
  function fill(untilMs: number): void {
    while (!isOver && (queue.at(-1)?.scheduledMs ?? -Infinity) < untilMs) {
      const next = arrivals.next();
      if (next.done === true) isOver = true;
      else {
        queue.push(next.value);
        want(next.value.clip);
      }
    }
  }
  fill(AHEAD_MS);
  return (function* () {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      fill(next.scheduledMs + AHEAD_MS);
      yield next;
    }
  })();
}

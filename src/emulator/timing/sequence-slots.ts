/**
 * The places of Triton's sequence batcher. A stream keeps its place from its first audio to its end; when there is none, its
 * requests wait in a backlog until another stream ends: it is connected, and nothing comes.
 */
import type { Clock } from "../../base/clock.ts";
import type { Pace, PacedReply } from "./pace.ts";

/** `pace` for at most `slots` calls at once; the others wait in the order in which they came. */
export function slottedPace(pace: Pace, slots: number, clock: Clock): Pace {
  const placed = new Set<object>();
  /** What calls without a place have submitted; insertion order is the order of the queue. */
  const backlog = new Map<object, PacedReply[]>();

  function placeNext(): void {
    for (const [call, replies] of backlog) {
      if (placed.size >= slots) return;
      backlog.delete(call);
      placed.add(call);
      // For the server they arrive now: the queue takes them in order of time.
      const arrivedMs = clock.nowMs();
      for (const reply of replies) pace.submit({ ...reply, arrivedMs });
    }
  }

  return {
    get waiting() {
      let waiting = pace.waiting;
      for (const replies of backlog.values()) waiting += replies.length;
      return waiting;
    },
    get behindMs() {
      return pace.behindMs;
    },
    submit(reply) {
      const { call } = reply;
      if (placed.has(call)) {
        pace.submit(reply);
        return;
      }
      const waiting = backlog.get(call);
      if (waiting) waiting.push(reply);
      else backlog.set(call, [reply]);
      placeNext();
    },
    drop(call) {
      backlog.delete(call);
      pace.drop(call);
      if (placed.delete(call)) placeNext();
    },
  };
}

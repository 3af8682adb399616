/** A server that falls behind slowly, planted to see that it is noticed. */
import type { Clock } from "../../base/clock.ts";
import { BenchError } from "../../base/errors.ts";
import type { InferenceMeter } from "./inference-meter.ts";
import type { Profile } from "./model.ts";
import { perJobMs } from "./model.ts";
import type { Pace } from "./pace.ts";

/**
 * A server that is always offered `percent` % more than it can take, whatever is offered: while any stream sends audio, the
 * queue before every reply grows by that share of the time that passes (2 %: 20 ms a second); while none does, it drains.
 * This is a server of capacity n / (1 + percent/100) for the n streams that send at the moment, as a fluid: callers who
 * wait for late finals, and so send less, don't relieve it. A stream sends from its first reply to its last.
 */
export function overloadPace(profile: Profile, percent: number, clock: Clock, meter: InferenceMeter): Pace {
  const sending = new Set<object>();
  let queueMs = 0;
  let atMs = clock.nowMs();

  function advance(nowMs: number): void {
    const growth = sending.size > 0 ? percent / 100 : -1;
    queueMs = Math.max(0, queueMs + (nowMs - atMs) * growth);
    atMs = nowMs;
  }

  return {
    /** Each stream that sends adds one chunk in the time of a chunk, and they wait for `queueMs`. */
    get waiting() {
      return Math.round((queueMs / profile.chunkMs) * sending.size);
    },
    get behindMs() {
      advance(clock.nowMs());
      return queueMs;
    },
    submit(reply) {
      const { arrivedMs, last, call, release } = reply;
      advance(arrivedMs);
      if (last) sending.delete(call);
      else sending.add(call);
      const computeMs = profile.batchMs + perJobMs(profile);
      const ownMs = (computeMs + profile.pathMs) * (last ? profile.finalFactor : 1);
      const beginsMs = arrivedMs + queueMs;
      const leavesMs = beginsMs + ownMs;
      meter.batch(beginsMs, beginsMs + computeMs, [{ payload: reply, leavesMs }]);
      release(leavesMs);
    },
    drop(call) {
      advance(clock.nowMs());
      sending.delete(call);
    },
  };
}

/**
 * Reads an overload in percent.
 * @throws BenchError (exit 2) for what is not a number above 0
 */
export function checkOverload(percent: number): number {
  if (Number.isFinite(percent) && percent > 0) return percent;
  throw BenchError.usage("--overload must be a number of percent above 0", "For example --overload 2.");
}

/** Decides when replies leave: by the model of a server under load, or after delays that are known exactly. */
import type { Clock } from "../../base/clock.ts";
import { durationFlag } from "../../base/duration.ts";
import { BenchError } from "../../base/errors.ts";
import type { InferenceMeter } from "./inference-meter.ts";
import type { Profile } from "./model.ts";
import { ServiceQueue } from "./model.ts";
import type { Timetable } from "./timetable.ts";

/** A reply that wants to leave. */
export interface PacedReply {
  arrivedMs: number;
  /** Audio behind it, in server chunks. */
  weight: number;
  /** The call's last reply: it takes the longer path of finals. */
  last: boolean;
  /** The call it belongs to, and the model that serves it. */
  call: object;
  model: string;
  /** Told, once, when the reply leaves. */
  release: (leavesMs: number) => void;
}

export interface Pace {
  /** Replies that the server has not begun to work on. */
  readonly waiting: number;
  /** For how long the server would not begin on a reply that is submitted now, milliseconds. */
  readonly behindMs: number;
  submit(reply: PacedReply): void;
  /** The call has gone; work for it that has not begun is not done. */
  drop(call: object): void;
}

/** Delays in milliseconds: of a reply to an audio message, and of the last final after the end of the audio. */
export interface ExactDelays {
  partialMs: number;
  finalMs: number;
}

/**
 * Reads `partial=80,final=120`: milliseconds, or any duration with its unit.
 * @throws BenchError (exit 2) for anything else
 */
export function parseDelays(text: string): ExactDelays {
  const values = new Map<string, number>();
  for (const part of text.split(",")) {
    const [, name, ms] = /^\s*(partial|final)\s*=(.+)$/.exec(part) ?? [];
    if (name !== undefined && ms !== undefined)
      values.set(name, durationFlag(`--delays ${name}`, ms, { bare: "ms" }));
  }
  const partialMs = values.get("partial");
  const finalMs = values.get("final");
  if (partialMs === undefined || finalMs === undefined || text.split(",").length !== 2) {
    throw BenchError.usage(
      `"${text}" are no delays`,
      "Give both, in milliseconds or with a unit: --delays partial=80,final=1.2s",
    );
  }
  return { partialMs, finalMs };
}

/** No queue: every reply leaves a fixed time after what it answers came, and counts as one inference of that length. */
export function exactPace(delays: ExactDelays, meter: InferenceMeter): Pace {
  return {
    waiting: 0,
    behindMs: 0,
    submit(reply) {
      const { arrivedMs, last, release } = reply;
      const leavesMs = arrivedMs + (last ? delays.finalMs : delays.partialMs);
      meter.batch(arrivedMs, leavesMs, [{ payload: reply, leavesMs }]);
      release(leavesMs);
    },
    drop: () => undefined,
  };
}

/** One queue for all calls, as `model.ts` describes it. */
export function queuePace(profile: Profile, clock: Clock, timetable: Timetable, meter: InferenceMeter): Pace {
  const queue = new ServiceQueue<PacedReply>(profile, meter.batch);
  let servesAtMs: number | undefined;

  function serve(nowMs: number): void {
    for (const { payload, leavesMs } of queue.serve(nowMs)) payload.release(leavesMs);
    const nextMs = queue.nextBatchMs;
    if (nextMs === undefined || nextMs === servesAtMs) return;
    servesAtMs = nextMs;
    timetable.add(nextMs, () => {
      servesAtMs = undefined;
      // The timetable may run a moment early.
      serve(Math.max(nextMs, clock.nowMs()));
    });
  }

  return {
    get waiting() {
      return queue.waiting;
    },
    get behindMs() {
      return queue.behindMs(clock.nowMs());
    },
    submit(reply) {
      queue.add({ arrivedMs: reply.arrivedMs, weight: reply.weight, final: reply.last, payload: reply });
      serve(clock.nowMs());
    },
    drop(call) {
      const dropped = queue.drop((reply) => reply.call === call);
      if (dropped > 0) meter.failed("CANCELED", dropped);
    },
  };
}

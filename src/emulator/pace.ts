/** Decides when replies leave: by the model of a server under load, or after delays that are known exactly. */
import type { Clock } from "../base/clock.ts";
import { BenchError } from "../base/errors.ts";
import type { Profile } from "./model.ts";
import { ServiceQueue } from "./model.ts";
import type { Timetable } from "./timetable.ts";

/** A reply that wants to leave. */
export interface PacedReply {
  arrivedMs: number;
  /** Audio behind it, in server chunks. */
  weight: number;
  /** Whether it takes the longer path of finals, and whether it is the one after which the call ends. */
  final: boolean;
  last: boolean;
  /** The call it belongs to. */
  call: object;
  /** Told, once, when the reply leaves. */
  release: (leavesMs: number) => void;
}

export interface Pace {
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
 * Reads `partial=80,final=120`.
 * @throws BenchError (exit 2) for anything else
 */
export function parseDelays(text: string): ExactDelays {
  const values = new Map<string, number>();
  for (const part of text.split(",")) {
    const [, name, ms] = /^\s*(partial|final)\s*=\s*(\d+(?:\.\d+)?)(?:ms)?\s*$/.exec(part) ?? [];
    if (name !== undefined) values.set(name, Number(ms));
  }
  const partialMs = values.get("partial");
  const finalMs = values.get("final");
  if (partialMs === undefined || finalMs === undefined || text.split(",").length !== 2) {
    throw BenchError.usage(
      `"${text}" are no delays`,
      "Give both in milliseconds: --delays partial=80,final=120",
    );
  }
  return { partialMs, finalMs };
}

/** No queue: every reply leaves a fixed time after what it answers came. */
export function exactPace(delays: ExactDelays): Pace {
  return {
    submit: ({ arrivedMs, last, release }) => release(arrivedMs + (last ? delays.finalMs : delays.partialMs)),
    drop: () => undefined,
  };
}

/** One queue for all calls, as `model.ts` describes it. */
export function queuePace(profile: Profile, clock: Clock, timetable: Timetable): Pace {
  const queue = new ServiceQueue<PacedReply>(profile);
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
    submit(reply) {
      queue.add({ arrivedMs: reply.arrivedMs, weight: reply.weight, final: reply.final, payload: reply });
      serve(clock.nowMs());
    },
    drop: (call) => queue.drop((reply) => reply.call === call),
  };
}

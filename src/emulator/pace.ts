/** Decides when replies leave: by the model of a server under load, or after delays that are known exactly. */
import type { Clock } from "../base/clock.ts";
import { BenchError } from "../base/errors.ts";
import type { Profile } from "./model.ts";
import { perJobMs, ServiceQueue } from "./model.ts";
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
  let servesAtMs = -Infinity;

  function serve(): void {
    for (const { payload, leavesMs } of queue.serve(clock.nowMs())) payload.release(leavesMs);
    const nextMs = queue.nextBatchMs;
    if (nextMs === undefined || nextMs === servesAtMs) return;
    servesAtMs = nextMs;
    timetable.add(nextMs, serve);
  }

  return {
    submit(reply) {
      queue.add({ arrivedMs: reply.arrivedMs, weight: reply.weight, final: reply.final, payload: reply });
      serve();
    },
    drop: (call) => queue.drop((reply) => reply.call === call),
  };
}

/**
 * A server that is always offered `percent` % more than it can take, whatever is offered: while any stream sends audio, the
 * queue before every reply grows by that share of the time that passes (2 %: 20 ms a second); while none does, it drains.
 * This is a server of capacity n / (1 + percent/100) for the n streams that send at the moment, as a fluid: callers who
 * wait for late finals, and so send less, don't relieve it. A stream sends from its first reply to its last.
 */
export function overloadPace(profile: Profile, percent: number, clock: Clock): Pace {
  const sending = new Set<object>();
  let queueMs = 0;
  let atMs = clock.nowMs();

  function advance(nowMs: number): void {
    const growth = sending.size > 0 ? percent / 100 : -1;
    queueMs = Math.max(0, queueMs + (nowMs - atMs) * growth);
    atMs = nowMs;
  }

  return {
    submit({ arrivedMs, final, last, call, release }) {
      advance(arrivedMs);
      if (last) sending.delete(call);
      else sending.add(call);
      const ownMs =
        (profile.batchMs + perJobMs(profile) + profile.pathMs) * (final ? profile.finalFactor : 1);
      release(arrivedMs + queueMs + ownMs);
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

/** Messages that a worker may not lose: stored one after the other, each again until the broker has it. */
import type { Clock } from "../../base/clock.ts";
import { pause } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { RunBus } from "./run-bus.ts";

const RETRY_MS = 250;

export interface Outbox {
  /**
   * Resolves when the broker has it, and all that was sent before, with its place in the stream; undefined when the outbox
   * was closed before.
   */
  send(kind: string, body: Uint8Array): Promise<number | undefined>;
  /** Since when the broker has not taken what it was given, and why; undefined when it takes all. */
  stuck(): { sinceMs: number; why: string } | undefined;
  /** Tries no more; what is waiting is lost. */
  close(): void;
}

/** The number that `createOutbox` gave a message, from 1; NaN for a message of somebody else. */
export function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf(".") + 1) || NaN);
}

/** @param place `<index>.<incarnation>` */
export function createOutbox(bus: Pick<RunBus, "store">, place: string, clock: Clock): Outbox {
  let last: Promise<number | undefined> = Promise.resolve(undefined);
  let count = 0;
  let isClosed = false;
  let stuck: { sinceMs: number; why: string } | undefined;

  async function deliver(kind: string, body: Uint8Array, id: string): Promise<number | undefined> {
    while (!isClosed) {
      const sinceMs = clock.nowMs();
      try {
        const seq = await bus.store(`${place}.${kind}`, body, id);
        stuck = undefined;
        return seq;
      } catch (error) {
        stuck = { sinceMs: stuck?.sinceMs ?? sinceMs, why: messageOf(error) };
        await pause(clock, RETRY_MS);
      }
    }
    return undefined;
  }

  return {
    send(kind, body) {
      const id = `${place}.${++count}`;
      return (last = last.then(() => deliver(kind, body, id)));
    },
    stuck: () => stuck,
    close: () => (isClosed = true),
  };
}

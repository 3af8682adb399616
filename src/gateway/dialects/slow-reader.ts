/**
 * What a caller is sent, when it reads slowly: interim results that a newer one replaces are left out, finals never; a caller
 * that takes nothing for too long is given up, so that its results never fill the memory.
 */
import type { Clock } from "../../base/clock.ts";

/** A socket as far as this is concerned: `sent` is called when the message has left the process. */
export interface Wire {
  send(message: string, sent: () => void): void;
}

export interface Outbox {
  /** `replaceable`: not worth sending once there is something newer. */
  push(message: string, replaceable: boolean): void;
  /** Sends all that waits, whatever the caller reads; nothing after it. */
  end(): void;
}

/** Messages on their way before newer ones wait. */
const ON_THE_WAY = 8;

/** @param onStuck the caller read nothing for `stuckMs` while something waited, or more than `waitingBytes` waits */
export function createOutbox(
  wire: Wire,
  clock: Clock,
  limits: { stuckMs: number; waitingBytes: number },
  onStuck: () => void,
): Outbox {
  const waiting: { message: string; replaceable: boolean }[] = [];
  let waitingBytes = 0;
  let onTheWay = 0;
  let closed = false;
  let stopTimer: (() => void) | undefined;

  function send(message: string): void {
    onTheWay++;
    wire.send(message, () => {
      onTheWay--;
      stopTimer?.();
      stopTimer = undefined;
      flush();
    });
  }

  function flush(): void {
    while (!closed && onTheWay < ON_THE_WAY) {
      const next = waiting.shift();
      if (next === undefined) return;
      waitingBytes -= next.message.length;
      send(next.message);
    }
    if (!closed && waiting.length > 0) watch();
  }

  function watch(): void {
    stopTimer ??= clock.wakeAt(clock.nowMs() + limits.stuckMs, () => {
      if (!closed) onStuck();
    });
  }

  return {
    push(message, replaceable) {
      if (closed) return;
      if (onTheWay < ON_THE_WAY && waiting.length === 0) {
        send(message);
        return;
      }
      const last = waiting.at(-1);
      if (last?.replaceable === true) {
        waiting.pop();
        waitingBytes -= last.message.length;
      }
      waiting.push({ message, replaceable });
      waitingBytes += message.length;
      watch();
      if (waitingBytes > limits.waitingBytes) onStuck();
    },
    end() {
      closed = true;
      stopTimer?.();
      for (const { message } of waiting.splice(0)) wire.send(message, () => undefined);
    },
  };
}

/**
 * How fast a caller's messages are read. Work is done by message, not only by byte: one that sends very many small ones is
 * read more slowly, and refused when thousands come in one go, which no audio does. What goes beyond the allowance of a
 * session, which is many times what speech needs, waits its turn for what all of them share: a file that is dropped on the page
 * never holds up somebody who speaks.
 */
import type { Clock } from "../../base/clock.ts";
import { TokenBucket } from "./rate-limit.ts";

export interface Intake {
  /** Counts a message; false when so many came at once that reading more slowly does not help. */
  count(bytes: number): boolean;
  /** Whether there is room for what is read. */
  setWanted(wanted: boolean): void;
  stop(): void;
}

export interface IntakeLimits {
  messagesPerSecond: number;
  /** Never waits for others. */
  bytesPerSecond: number;
  /** Takes what is beyond that; milliseconds until there is room for more. */
  bulk(bytes: number): number;
}

/** Of messages, so many seconds' worth may come at once... */
const BURST_S = 2;
/** ...and when less than this is left, reading waits until it is there again: it is for what has been read already. */
const SLACK_S = 1;
/** What a message costs beside its bytes. */
const MESSAGE_BYTES = 1000;

/** @param setReading reads the socket, or leaves what comes there; a socket begins reading */
export function createIntake(
  setReading: (reading: boolean) => void,
  clock: Clock,
  { messagesPerSecond, bytesPerSecond, bulk }: IntakeLimits,
): Intake {
  const messages = new TokenBucket(messagesPerSecond, messagesPerSecond * BURST_S, clock.nowMs());
  const own = new TokenBucket(bytesPerSecond, bytesPerSecond, clock.nowMs());
  let wanted = true;
  let slowUntilMs = -Infinity;
  let stopWaiting: (() => void) | undefined;

  const tell = (): void => setReading(wanted && stopWaiting === undefined);

  function slowDown(): void {
    stopWaiting = clock.wakeAt(slowUntilMs, () => {
      stopWaiting = undefined;
      // More was read meanwhile, of what had come already.
      if (clock.nowMs() < slowUntilMs) slowDown();
      else tell();
    });
  }

  return {
    count(bytes) {
      const nowMs = clock.nowMs();
      const allowed = messages.take(1, nowMs);
      const missing = messagesPerSecond * SLACK_S - messages.left(nowMs);
      const beyond = own.takeUpTo(bytes + MESSAGE_BYTES, nowMs);
      const waitMs = Math.max((missing / messagesPerSecond) * 1000, beyond === 0 ? 0 : bulk(beyond));
      if (waitMs > 0) {
        slowUntilMs = Math.max(slowUntilMs, nowMs + waitMs);
        if (stopWaiting === undefined) {
          slowDown();
          tell();
        }
      }
      return allowed;
    },
    setWanted(next) {
      wanted = next;
      tell();
    },
    stop() {
      stopWaiting?.();
      stopWaiting = undefined;
    },
  };
}

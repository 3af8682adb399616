/**
 * How fast a caller's messages are read. Work is done by message, not only by byte: one that sends very many small ones is
 * read more slowly, and refused when thousands come in one go, which no audio does.
 */
import type { Clock } from "../base/clock.ts";
import { TokenBucket } from "./rate-limit.ts";

export interface Intake {
  /** Counts a message; false when so many came at once that reading more slowly does not help. */
  count(): boolean;
  /** Whether there is room for what is read. */
  setWanted(wanted: boolean): void;
  stop(): void;
}

/** Of messages, so many seconds' worth may come at once... */
const BURST_S = 2;
/** ...and when less than this is left, reading waits until it is there again: it is for what has been read already. */
const SLACK_S = 1;

/** @param setReading reads the socket, or leaves what comes there; a socket begins reading */
export function createIntake(
  setReading: (reading: boolean) => void,
  clock: Clock,
  messagesPerSecond: number,
): Intake {
  const bucket = new TokenBucket(messagesPerSecond, messagesPerSecond * BURST_S, clock.nowMs());
  let wanted = true;
  let tooQuick = false;
  let stopWaiting = (): void => undefined;

  const tell = (): void => setReading(wanted && !tooQuick);

  return {
    count() {
      const nowMs = clock.nowMs();
      const allowed = bucket.take(1, nowMs);
      const missing = messagesPerSecond * SLACK_S - bucket.left(nowMs);
      if (missing > 0 && !tooQuick) {
        tooQuick = true;
        tell();
        stopWaiting = clock.wakeAt(nowMs + (missing / messagesPerSecond) * 1000, () => {
          tooQuick = false;
          tell();
        });
      }
      return allowed;
    },
    setWanted(next) {
      wanted = next;
      tell();
    },
    stop: () => stopWaiting(),
  };
}

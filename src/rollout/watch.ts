/** Watches the alerts of a version that has begun to serve. */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Alert } from "./alerts.ts";
import { sleepUntil } from "./sleep.ts";

/** How the watch ended. */
export type Watched =
  | { outcome: "quiet" }
  /** The first alert that began after the version did. */
  | { outcome: "alert"; alert: Alert }
  /** It fired before the version served and still does: it would not tell what the version adds. */
  | { outcome: "masked"; alert: Alert }
  /** Prometheus could not be asked for too long to say that nothing fired. */
  | { outcome: "blind"; longestMs: number }
  | { outcome: "interrupted" };

export interface Watch {
  /** Alerts that fire now. @throws Error when it can't be known */
  firing(): Promise<readonly Alert[]>;
  /** When the version began to serve, milliseconds since 1970: what was wrong before is not its doing. */
  servesSinceMs: number;
  forMs: number;
  everyMs: number;
  note(line: string): void;
  clock: Clock;
  signal: AbortSignal;
}

/** Without an answer for so long, nobody can say that nothing fired. */
const BLIND_MS = 60_000;

/** Asks until an alert fires or the time is over. Never rejects. */
export async function watchAlerts(watch: Watch): Promise<Watched> {
  const { clock, signal, forMs, everyMs, servesSinceMs } = watch;
  const fromMs = clock.nowMs();
  const noted = new Set<string>();
  const note = (line: string): void => {
    if (!noted.has(line)) watch.note(line);
    noted.add(line);
  };
  let seenMs = fromMs;
  let longestMs = 0;
  let masked: Alert | undefined;
  for (let nextMs = fromMs; ; nextMs += everyMs) {
    await sleepUntil(nextMs, clock, signal);
    if (signal.aborted) return { outcome: "interrupted" };
    try {
      const alerts = await watch.firing();
      seenMs = clock.nowMs();
      [masked] = alerts;
      for (const alert of alerts) {
        if (alert.activeAtMs >= servesSinceMs) return { outcome: "alert", alert };
        note(`${alert.name} fires, and did before this version served`);
      }
    } catch (error) {
      note(`Prometheus can't be asked: ${messageOf(error)}`);
      longestMs = Math.max(longestMs, clock.nowMs() - seenMs);
    }
    if (clock.nowMs() - fromMs < forMs) continue;
    if (longestMs >= Math.min(BLIND_MS, forMs)) return { outcome: "blind", longestMs };
    return masked === undefined ? { outcome: "quiet" } : { outcome: "masked", alert: masked };
  }
}

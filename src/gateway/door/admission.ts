/** Who may open a session, and how many: key or token, limits, and whether there is anyone to hear it. */
import type { IncomingMessage } from "node:http";
import type { Clock } from "../../base/clock.ts";
import type { Auth } from "./auth.ts";
import type { Settings } from "../config.ts";
import { OwnerCounts, TokenBucket } from "./rate-limit.ts";
import type { SessionError } from "../dialects/result.ts";

export interface Admission {
  /** The place of one session; undefined when it may not be opened, and why. */
  enter(request: IncomingMessage, address: string): Place | SessionError;
}

export interface Place {
  /** Name of the key, in logs and limits. */
  readonly caller: string;
  /** Counts bytes from the caller; false when it sends more than it may. */
  received(bytes: number): boolean;
  /** Frees the place; further calls do nothing. */
  leave(): void;
}

/** A minute of speech may come at once: a file. */
const BURST_S = 60;

/** @param settings as they are now: they may change while it runs */
export function createAdmission(
  settings: () => Settings,
  auth: Auth,
  clock: Clock,
  state: { draining(): boolean; canServe(): boolean },
): Admission {
  const owners = (sessions: "sessionsPerKey" | "sessionsPerAddress"): OwnerCounts =>
    new OwnerCounts(() => {
      const { limits } = settings();
      return { sessions: limits[sessions], bytesPerSecond: limits.bytesPerSecondPerOwner };
    });
  const keys = owners("sessionsPerKey");
  const addresses = owners("sessionsPerAddress");
  let sessions = 0;

  function place(caller: string, address: string): Place {
    const nowMs = clock.nowMs();
    const perSecond = settings().limits.bytesPerSecondPerSession;
    const own = new TokenBucket(perSecond, perSecond * BURST_S, nowMs);
    sessions++;
    keys.opened(caller, nowMs);
    addresses.opened(address, nowMs);
    let left = false;
    return {
      caller,
      received(bytes) {
        const atMs = clock.nowMs();
        const within = [
          own.take(bytes, atMs),
          keys.received(caller, bytes, atMs),
          addresses.received(address, bytes, atMs),
        ];
        return within.every(Boolean);
      },
      leave() {
        if (left) return;
        left = true;
        sessions--;
        keys.closed(caller);
        addresses.closed(address);
      },
    };
  }

  return {
    enter(request, address) {
      const caller = auth.required ? auth.callerOf(request.headers, clock.wallMs()) : "anyone";
      if (state.draining()) return { code: "going_away", message: "the gateway is shutting down" };
      if (caller === undefined)
        return { code: "unauthenticated", message: "an API key or a session token is needed" };
      if (sessions >= settings().limits.sessions || !keys.hasRoom(caller) || !addresses.hasRoom(address))
        return { code: "too_much", message: "too many sessions are open" };
      if (!state.canServe()) return { code: "no_upstream", message: "no recogniser can be reached" };
      return place(caller, address);
    },
  };
}

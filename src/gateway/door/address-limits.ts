/**
 * What an address may do before the gateway knows anything of it, and how long one stays outside that breaks the protocol
 * again and again. Many callers behind one address are welcome, and so is a load generator: only what no working client does
 * counts against it (`Offence`), and nothing that a web page can make a visitor's browser do: it would lock out everybody who
 * shares the visitor's address.
 */
import type { Clock } from "../../base/clock.ts";
import type { GatewayLimits } from "../config.ts";
import { TokenBucket } from "./rate-limit.ts";

/** What counts against an address. */
export type Offence =
  /** Bytes that no browser sends, and a request whose headers are begun and not ended. */
  | "bad_request"
  /** A key or, for a session, a path that does not exist; never from a page that anybody may have written. */
  | "refused"
  /** A session ended for what its caller sent. */
  | "bad_session"
  /** A session that is cut off without any audio. */
  | "abandoned";

export const OFFENCES: readonly Offence[] = ["bad_request", "refused", "bad_session", "abandoned"];

export interface Guard {
  /** A new connection of this address. `hold`: it is blocked. `drop`: it has more of them than it may, or they come too quickly. */
  connected(address: string): "serve" | "hold" | "drop";
  /** One that was served is closed. */
  disconnected(address: string): void;
  /** The connection brought a request that counts for nothing: its arrival is given back. */
  arrivedInVain(address: string): void;
  /** False when its requests come too quickly. */
  mayAsk(address: string): boolean;
  isBlocked(address: string): boolean;
  offended(address: string, offence: Offence): void;
  /**
   * Takes from what sessions may send beyond their own allowance.
   * @returns milliseconds until there is room for more
   */
  bulk(address: string, bytes: number): number;
  /** The limits are others now: every address begins anew with them, but what is blocked stays so. */
  refresh(): void;
  /** Addresses that are blocked now. */
  readonly blocked: number;
}

export interface GuardWatcher {
  offence(kind: Offence): void;
  blocked(address: string): void;
}

interface Buckets {
  /** Of connections. */
  arrivals: TokenBucket;
  requests: TokenBucket;
  offences: TokenBucket;
  bulk: TokenBucket;
}

interface Stranger extends Buckets {
  connections: number;
  blockedUntilMs: number;
}

/** Requests come in bursts: a page is a dozen of them, a load test begins with all of its sessions. */
const REQUESTS_BURST_S = 4;
const BULK_BURST_S = 0.25;
/** Of all that goes beyond speech, what one address may use. */
const BULK_SHARE = 0.5;
const OFFENCES_IN_S = 60;
/** How often addresses that are to be forgotten are looked for. */
const SWEEP_EVERY_MS = 1000;

/** @param limits as they are now */
export function createGuard(limits: () => GatewayLimits, clock: Clock, watcher: GuardWatcher): Guard {
  const strangers = new Map<string, Stranger>();
  let all = bulkOfAll();
  let sweptMs = clock.nowMs();

  function bulkOfAll(): TokenBucket {
    const perSecond = limits().bulkBytesPerSecond;
    return new TokenBucket(perSecond, perSecond * BULK_BURST_S, clock.nowMs());
  }

  function buckets(nowMs: number): Buckets {
    const { requestsPerSecondPerAddress: requests, bulkBytesPerSecond, offencesPerAddress } = limits();
    const bulk = bulkBytesPerSecond * BULK_SHARE;
    return {
      arrivals: new TokenBucket(requests, requests * REQUESTS_BURST_S, nowMs),
      requests: new TokenBucket(requests, requests * REQUESTS_BURST_S, nowMs),
      offences: new TokenBucket(offencesPerAddress / OFFENCES_IN_S, offencesPerAddress, nowMs),
      bulk: new TokenBucket(bulk, bulk * BULK_BURST_S, nowMs),
    };
  }

  function stranger(address: string, nowMs: number): Stranger {
    sweep(nowMs);
    const known = strangers.get(address);
    if (known !== undefined) return known;
    const one = { connections: 0, blockedUntilMs: -Infinity, ...buckets(nowMs) };
    strangers.set(address, one);
    return one;
  }

  function sweep(nowMs: number): void {
    if (nowMs - sweptMs < SWEEP_EVERY_MS) return;
    sweptMs = nowMs;
    for (const [address, { connections, arrivals, requests, offences, bulk, blockedUntilMs }] of strangers) {
      const quiet = connections === 0 && nowMs >= blockedUntilMs;
      if (quiet && [arrivals, requests, offences, bulk].every((bucket) => bucket.isFull(nowMs)))
        strangers.delete(address);
    }
  }

  return {
    connected(address) {
      const nowMs = clock.nowMs();
      const one = stranger(address, nowMs);
      if (nowMs < one.blockedUntilMs) return "hold";
      // No answer to those: a TLS handshake is dear.
      if (one.connections >= limits().connectionsPerAddress || !one.arrivals.tryTake(1, nowMs)) return "drop";
      one.connections++;
      return "serve";
    },
    disconnected(address) {
      const one = strangers.get(address);
      if (one !== undefined) one.connections--;
    },
    arrivedInVain: (address) => void strangers.get(address)?.arrivals.take(-1, clock.nowMs()),
    mayAsk: (address) => stranger(address, clock.nowMs()).requests.tryTake(1, clock.nowMs()),
    isBlocked: (address) => clock.nowMs() < (strangers.get(address)?.blockedUntilMs ?? -Infinity),
    offended(address, offence) {
      const nowMs = clock.nowMs();
      const one = stranger(address, nowMs);
      watcher.offence(offence);
      if (nowMs < one.blockedUntilMs || one.offences.take(1, nowMs)) return;
      one.blockedUntilMs = nowMs + limits().penalty;
      watcher.blocked(address);
    },
    bulk(address, bytes) {
      const nowMs = clock.nowMs();
      const { bulk } = stranger(address, nowMs);
      bulk.take(bytes, nowMs);
      all.take(bytes, nowMs);
      return Math.max(bulk.waitMs(nowMs), all.waitMs(nowMs));
    },
    refresh() {
      all = bulkOfAll();
      for (const one of strangers.values()) Object.assign(one, buckets(clock.nowMs()));
    },
    get blocked() {
      const nowMs = clock.nowMs();
      return [...strangers.values()].filter(({ blockedUntilMs }) => nowMs < blockedUntilMs).length;
    },
  };
}

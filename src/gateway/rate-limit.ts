/** Limits by owner (an API key, an address): open sessions, and bytes a second with a burst. */

/** A bucket that fills at `perSecond` up to `burst`; time is the caller's. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** Takes `amount`, even into debt; false when there was not enough. */
  take(amount: number, nowMs: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    this.#tokens -= amount;
    return this.#tokens >= 0;
  }
}

export interface OwnerLimits {
  sessions: number;
  bytesPerSecond: number;
}

interface Owner {
  sessions: number;
  bucket: TokenBucket;
}

/** How long a burst may be: a file that is dropped on the page comes faster than speech. */
const BURST_S = 30;

/** Counts what each owner uses; forgets owners without sessions, so that it can't be filled from outside. */
export class OwnerCounts {
  readonly #limits: OwnerLimits;
  readonly #owners = new Map<string, Owner>();

  constructor(limits: OwnerLimits) {
    this.#limits = limits;
  }

  /** True when another session of this owner may be opened. */
  hasRoom(owner: string): boolean {
    return (this.#owners.get(owner)?.sessions ?? 0) < this.#limits.sessions;
  }

  opened(owner: string, nowMs: number): void {
    const { bytesPerSecond } = this.#limits;
    const entry = this.#owners.get(owner) ?? {
      sessions: 0,
      bucket: new TokenBucket(bytesPerSecond, bytesPerSecond * BURST_S, nowMs),
    };
    entry.sessions++;
    this.#owners.set(owner, entry);
  }

  closed(owner: string): void {
    const entry = this.#owners.get(owner);
    if (entry !== undefined && --entry.sessions === 0) this.#owners.delete(owner);
  }

  /** Counts bytes; false when the owner sends more than it may. */
  received(owner: string, bytes: number, nowMs: number): boolean {
    return this.#owners.get(owner)?.bucket.take(bytes, nowMs) ?? true;
  }
}

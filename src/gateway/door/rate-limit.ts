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

  /** Takes `amount`, even into debt; below 0 it is given back, and the burst stays the most there is. False when there was not enough. */
  take(amount: number, nowMs: number): boolean {
    this.#tokens = this.left(nowMs) - amount;
    this.#atMs = nowMs;
    return this.#tokens >= 0;
  }

  /** What could be taken now; below 0 after a debt. */
  left(nowMs: number): number {
    return Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
  }

  /** Takes `amount` if there is as much; a refusal costs nothing, so that the rate is kept whatever is asked for. */
  tryTake(amount: number, nowMs: number): boolean {
    return this.left(nowMs) >= amount && this.take(amount, nowMs);
  }

  /** Takes what there is of `amount`, never into debt; returns what was missing. */
  takeUpTo(amount: number, nowMs: number): number {
    const missing = Math.max(0, amount - this.left(nowMs));
    this.take(amount - missing, nowMs);
    return missing;
  }

  /** Until a debt is paid; 0 without one. */
  waitMs(nowMs: number): number {
    return Math.max(0, -this.left(nowMs) / this.#perMs);
  }

  isFull(nowMs: number): boolean {
    return this.left(nowMs) === this.#burst;
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

/** How often owners that are to be forgotten are looked for. */
const SWEEP_EVERY_MS = 1000;

/**
 * Counts what each owner uses. An owner without sessions is forgotten once its bucket is full again: not before, or hanging up
 * would buy a new burst; and not later, so that the list can't be filled from outside.
 */
export class OwnerCounts {
  readonly #limits: () => OwnerLimits;
  readonly #owners = new Map<string, Owner>();
  #sweptMs = 0;

  /** @param limits as they are now; bytes of an owner that is known keep the rate that they began with */
  constructor(limits: () => OwnerLimits) {
    this.#limits = limits;
  }

  /** True when another session of this owner may be opened. */
  hasRoom(owner: string): boolean {
    return (this.#owners.get(owner)?.sessions ?? 0) < this.#limits().sessions;
  }

  opened(owner: string, nowMs: number): void {
    this.#sweep(nowMs);
    const { bytesPerSecond } = this.#limits();
    const entry = this.#owners.get(owner) ?? {
      sessions: 0,
      bucket: new TokenBucket(bytesPerSecond, bytesPerSecond * BURST_S, nowMs),
    };
    entry.sessions++;
    this.#owners.set(owner, entry);
  }

  closed(owner: string): void {
    const entry = this.#owners.get(owner);
    if (entry !== undefined) entry.sessions--;
  }

  /** Counts bytes; false when the owner sends more than it may. */
  received(owner: string, bytes: number, nowMs: number): boolean {
    return this.#owners.get(owner)?.bucket.take(bytes, nowMs) ?? true;
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_EVERY_MS) return;
    this.#sweptMs = nowMs;
    for (const [name, { sessions, bucket }] of this.#owners)
      if (sessions === 0 && bucket.isFull(nowMs)) this.#owners.delete(name);
  }
}

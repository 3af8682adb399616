/**
 * A circuit breaker for one upstream, without a clock of its own: closed while sessions can be opened, open after failures
 * in a row, and closed again by a health probe that succeeds after the pause. The pause doubles with each opening in vain.
 */

export type BreakerState = "closed" | "open";

export interface BreakerOptions {
  /** Sessions that fail to open one after the other before it opens. */
  failures: number;
  pauseMs: number;
  longestPauseMs: number;
}

export class Breaker {
  readonly #options: BreakerOptions;
  #failuresInARow = 0;
  #workedSince = true;
  #pauseMs: number;
  #openedAtMs: number | undefined;
  /** Times it opened. */
  openings = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#pauseMs = options.pauseMs;
  }

  get state(): BreakerState {
    return this.#openedAtMs === undefined ? "closed" : "open";
  }

  /** A session was opened. */
  succeeded(): void {
    this.#failuresInARow = 0;
    this.#workedSince = true;
  }

  /** A session failed in a way that says the upstream is away. */
  failed(nowMs: number): void {
    if (this.#openedAtMs === undefined && ++this.#failuresInARow >= this.#options.failures) this.#open(nowMs);
  }

  /** What a health probe found: a failed one opens at once, a good one closes after the pause. */
  probed(healthy: boolean, nowMs: number): void {
    if (!healthy) {
      if (this.#openedAtMs === undefined) this.#open(nowMs);
    } else if (this.#openedAtMs !== undefined && nowMs - this.#openedAtMs >= this.#pauseMs) {
      this.#openedAtMs = undefined;
      this.#failuresInARow = 0;
    }
  }

  #open(nowMs: number): void {
    const { pauseMs, longestPauseMs } = this.#options;
    this.#pauseMs = this.#workedSince ? pauseMs : Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#workedSince = false;
    this.#openedAtMs = nowMs;
    this.openings++;
  }
}

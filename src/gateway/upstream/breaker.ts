/**
 * A circuit breaker for one upstream, without a clock of its own. It opens when a health probe fails, or when streams of
 * different sessions fail one after the other. A stream has worked when its first response came or when it ended well; one that
 * responds and fails afterwards counts as failed. It closes after a pause: by a good health probe if the health probe had
 * found it away, else by a trial stream, because a server may report that it serves and fail every stream. The pause doubles
 * with each opening in vain.
 */

export type BreakerState = "closed" | "open";

export interface BreakerOptions {
  /** Sessions whose streams fail one after the other before it opens. */
  failures: number;
  pauseMs: number;
  longestPauseMs: number;
}

/** One stream on the upstream, as its breaker follows it. */
export interface WatchedStream {
  /** Its first response came. */
  responded(): void;
  /** It ended well. */
  ended(): void;
  /** It failed, and the upstream is to blame. */
  failed(nowMs: number): void;
}

export class Breaker {
  readonly #options: BreakerOptions;
  /** Sessions whose streams failed since one worked: a session that is tried again counts once. */
  #failed = new Set<string>();
  #workedSince = true;
  /** Streams that ended well. */
  #goodEnds = 0;
  #pauseMs: number;
  #openedAtMs: number | undefined;
  /** The health probe agrees that it is away, so that it can be believed when it says otherwise. */
  #probeFailed = false;
  /** Times it opened. */
  openings = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#pauseMs = options.pauseMs;
  }

  get state(): BreakerState {
    return this.#openedAtMs === undefined ? "closed" : "open";
  }

  /** Follows one stream of a session. */
  watch(session: string): WatchedStream {
    let before: { failed: Set<string>; workedSince: boolean; goodEnds: number } | undefined;
    return {
      responded: () => {
        before ??= { failed: this.#failed, workedSince: this.#workedSince, goodEnds: this.#goodEnds };
        this.#worked();
      },
      ended: () => {
        this.#goodEnds++;
        this.#worked();
      },
      failed: (nowMs) => {
        // Its response proved nothing: what had failed before still counts, unless another stream has ended well since.
        if (before?.goodEnds === this.#goodEnds) {
          for (const earlier of before.failed) this.#failed.add(earlier);
          this.#workedSince = before.workedSince;
        }
        this.#failed.add(session);
        if (this.#openedAtMs === undefined && this.#failed.size >= this.#options.failures) this.#open(nowMs);
      },
    };
  }

  /** A failed health probe opens it at once; a good one closes it after the pause if the probe had failed. */
  probed(healthy: boolean, nowMs: number): void {
    if (!healthy) {
      if (this.#openedAtMs === undefined) this.#open(nowMs);
      this.#probeFailed = true;
    } else if (this.#probeFailed && this.#pauseIsOver(nowMs)) this.#close();
  }

  /** True when only a trial stream can tell whether it works again. */
  needsTrial(nowMs: number): boolean {
    return !this.#probeFailed && this.#pauseIsOver(nowMs);
  }

  /** The result of a trial stream: a good one closes, a failed one begins a longer pause. */
  tried(worked: boolean, nowMs: number): void {
    if (this.#openedAtMs === undefined) return;
    if (worked) this.#close();
    else this.#pauseAgain(nowMs);
  }

  #pauseIsOver(nowMs: number): boolean {
    return this.#openedAtMs !== undefined && nowMs - this.#openedAtMs >= this.#pauseMs;
  }

  #worked(): void {
    this.#failed = new Set();
    this.#workedSince = true;
  }

  #close(): void {
    this.#openedAtMs = undefined;
    this.#probeFailed = false;
    this.#failed = new Set();
  }

  #open(nowMs: number): void {
    this.#pauseAgain(nowMs);
    this.#probeFailed = false;
    this.openings++;
  }

  #pauseAgain(nowMs: number): void {
    const { pauseMs, longestPauseMs } = this.#options;
    this.#pauseMs = this.#workedSince ? pauseMs : Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#workedSince = false;
    this.#openedAtMs = nowMs;
  }
}

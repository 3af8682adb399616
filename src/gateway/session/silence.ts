/**
 * Keeps a stream alive while its caller says nothing. Riva gives a stream's place away after 60 s without audio, and the
 * next audio then fails. Silence that the gateway puts in moves the recogniser's clock, so it is taken out of the times
 * that the caller gets to see.
 */

/** Two bytes a sample, one channel. */
const BYTES_PER_SAMPLE = 2;

export class SilenceKeeper {
  readonly #sampleRateHz: number;
  /** Where silence was put in, on the recogniser's clock. */
  readonly #inserted: { atMs: number; lengthMs: number }[] = [];
  /** Where in the caller's audio the recogniser's clock began. */
  readonly #fromMs: number;
  #sentMs = 0;
  #callerMs: number;

  constructor(sampleRateHz: number, fromMs = 0) {
    this.#sampleRateHz = sampleRateHz;
    this.#fromMs = this.#callerMs = fromMs;
  }

  /** The caller's audio so far. */
  get callerMs(): number {
    return this.#callerMs;
  }

  /** Counts `bytes` of the caller's audio. */
  heard(bytes: number): void {
    const lengthMs = (bytes / BYTES_PER_SAMPLE / this.#sampleRateHz) * 1000;
    this.#sentMs += lengthMs;
    this.#callerMs += lengthMs;
  }

  /** Silence of that length, counted as put in here. */
  insert(lengthMs: number): Buffer {
    this.#inserted.push({ atMs: this.#sentMs, lengthMs });
    this.#sentMs += lengthMs;
    return Buffer.alloc(Math.round((lengthMs / 1000) * this.#sampleRateHz) * BYTES_PER_SAMPLE);
  }

  /** An instant on the recogniser's clock in the caller's audio; within inserted silence, where that was put in. */
  callerTime(upstreamMs: number): number {
    let callerMs = this.#fromMs + upstreamMs;
    for (const { atMs, lengthMs } of this.#inserted) {
      if (atMs >= upstreamMs) break;
      callerMs -= Math.min(lengthMs, upstreamMs - atMs);
    }
    return callerMs;
  }
}

/**
 * The audio since the last final: what another recogniser would have to hear again for nothing to be lost. Bounded; when an
 * utterance outgrows it the oldest goes, and the session can no longer be taken over.
 */
export class KeptAudio {
  readonly #bytesPerMs: number;
  readonly #limitBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Caller's time at which the kept audio begins. */
  fromMs = 0;

  constructor(sampleRateHz: number, limitMs: number) {
    this.#bytesPerMs = (sampleRateHz * 2) / 1000;
    this.#limitBytes = limitMs * this.#bytesPerMs;
  }

  /** True when no more can be kept without losing what came first. */
  get full(): boolean {
    return this.#bytes >= this.#limitBytes;
  }

  add(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    while (this.#bytes > this.#limitBytes && this.#parts.length > 1) this.#drop();
  }

  /** Everything up to here has its final text. */
  recognised(untilMs: number): void {
    for (let [first] = this.#parts; first !== undefined; [first] = this.#parts) {
      if (this.fromMs + first.length / this.#bytesPerMs > untilMs) return;
      this.#drop();
    }
  }

  /** In order; the same audio can be asked for again. */
  parts(): readonly Buffer[] {
    return this.#parts;
  }

  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }

  #drop(): void {
    const bytes = this.#parts.shift()?.length ?? 0;
    this.#bytes -= bytes;
    this.fromMs += bytes / this.#bytesPerMs;
  }
}

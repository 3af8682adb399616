/**
 * The audio since the last final: what another recogniser would have to hear again for nothing to be lost. Bounded; when an
 * utterance outgrows it the oldest goes, and the session can no longer be taken over.
 *
 * It is copied into blocks that all sessions take from one store and give back. To hold on to the pieces as they were read
 * would be ten seconds of small buffers a session for the garbage collector to carry along and trace: with a thousand
 * sessions that stopped the gateway for tens of milliseconds (docs/decisions/062-memory-of-the-gateway.md).
 */
import type { BlockStore } from "./block-store.ts";

/** What the recogniser is told beside a piece of audio. */
export type RuntimeConfig = Readonly<Record<string, string>>;

export interface Piece {
  bytes: Buffer;
  runtimeConfig?: RuntimeConfig;
}

export class KeptAudio {
  readonly #bytesPerMs: number;
  readonly #limitBytes: number;
  readonly #store: BlockStore;
  #blocks: Buffer[] = [];
  /** Where in the first block the oldest byte is. */
  #start = 0;
  #bytes = 0;
  /** Lengths of the pieces, as they came. */
  #sizes: number[] = [];
  /** What was told beside them. */
  #told: (RuntimeConfig | undefined)[] = [];
  /** Caller's time at which the kept audio begins. */
  fromMs = 0;

  constructor(sampleRateHz: number, limitMs: number, store: BlockStore) {
    this.#bytesPerMs = (sampleRateHz * 2) / 1000;
    this.#limitBytes = limitMs * this.#bytesPerMs;
    this.#store = store;
  }

  /** True when no more can be kept without losing what came first. */
  get full(): boolean {
    return this.#bytes >= this.#limitBytes;
  }

  /** @param unsent no recogniser has heard it, so that nothing may go: whoever adds stops soon after it is full */
  add(piece: Buffer, unsent = false, runtimeConfig?: RuntimeConfig): void {
    while (!unsent && this.#bytes + piece.length > this.#limitBytes && this.#sizes.length > 0) this.#drop();
    const { blockBytes } = this.#store;
    for (let done = 0; done < piece.length;) {
      const end = this.#start + this.#bytes;
      if (end === this.#blocks.length * blockBytes) this.#blocks.push(this.#store.take());
      const copied = piece.copy(this.#blockOf(end), end % blockBytes, done);
      done += copied;
      this.#bytes += copied;
    }
    this.#sizes.push(piece.length);
    this.#told.push(runtimeConfig);
  }

  /** Everything up to here has its final text. */
  recognised(untilMs: number): void {
    for (let [first] = this.#sizes; first !== undefined; [first] = this.#sizes) {
      if (this.fromMs + first / this.#bytesPerMs > untilMs) return;
      this.#drop();
    }
  }

  /** Copies of the pieces, in order; the same audio can be asked for again. */
  pieces(): Piece[] {
    let at = this.#start;
    return this.#sizes.map((size, index) => {
      const piece = Buffer.allocUnsafe(size);
      for (let done = 0; done < size;) {
        const copied = this.#blockOf(at).copy(piece, done, at % this.#store.blockBytes);
        done += copied;
        at += copied;
      }
      const runtimeConfig = this.#told[index];
      return { bytes: piece, ...(runtimeConfig === undefined ? {} : { runtimeConfig }) };
    });
  }

  /** Gives all of it back; must be called at the end of the session. */
  clear(): void {
    for (const block of this.#blocks.splice(0)) this.#store.giveBack(block);
    this.#start = this.#bytes = 0;
    this.#sizes = [];
    this.#told = [];
  }

  #blockOf(position: number): Buffer {
    const block = this.#blocks[Math.floor(position / this.#store.blockBytes)];
    if (block === undefined) throw new RangeError("beyond what is kept");
    return block;
  }

  #drop(): void {
    const bytes = this.#sizes.shift() ?? 0;
    this.#told.shift();
    this.#bytes -= bytes;
    this.fromMs += bytes / this.#bytesPerMs;
    this.#start += bytes;
    while (this.#start >= this.#store.blockBytes) {
      const first = this.#blocks.shift();
      if (first !== undefined) this.#store.giveBack(first);
      this.#start -= this.#store.blockBytes;
    }
  }
}

import { joined } from "../audio/audio-format.ts";

/** Cuts a stream into chunks of one length, whatever the length of its messages. */
export class Chunker {
  readonly #chunkSamples: number;
  #rest: Int16Array[] = [];
  #restLength = 0;

  constructor(chunkSamples: number) {
    this.#chunkSamples = chunkSamples;
  }

  /** The chunks that `samples` complete; the samples must stay as they are. */
  push(samples: Int16Array): Int16Array[] {
    const chunks: Int16Array[] = [];
    for (let at = 0; at < samples.length;) {
      const part = samples.subarray(at, at + this.#chunkSamples - this.#restLength);
      this.#rest.push(part);
      this.#restLength += part.length;
      at += part.length;
      if (this.#restLength === this.#chunkSamples) chunks.push(this.flush());
    }
    return chunks;
  }

  /** Takes out the samples of a chunk that is not full yet. */
  flush(): Int16Array {
    const rest = joined(this.#rest);
    this.#rest = [];
    this.#restLength = 0;
    return rest;
  }
}

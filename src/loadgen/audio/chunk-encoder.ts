/** Bytes of each chunk of `chunkSamples`; of the last one, what is left. */
export type ChunkEncoder = (samples: Int16Array, sampleRateHz: number, chunkSamples: number) => Uint8Array[];

/** PCM to FLAC (RFC 9639), in pieces that each hold exactly the audio of one chunk. The only importer of libflacjs. */
import libflac from "libflacjs";
import type { ChunkEncoder } from "./chunk-encoder.ts";

/** The longest block of the format's streamable subset, up to 48 kHz. */
const LONGEST_BLOCK = 4608;
/** The shortest block the format knows. */
const SHORTEST_BLOCK = 16;
/** libFLAC's default. */
const COMPRESSION = 5;

/** Readies the codec. */
export async function flacEncoder(): Promise<ChunkEncoder> {
  // The WASM variant fetches its code from a path, which Node's own fetch refuses.
  const flac = libflac("min");
  if (!flac.isReady()) await new Promise<void>((resolve) => flac.on("ready", () => resolve()));

  return (samples, sampleRateHz, chunkSamples) => {
    const block = flacBlock(chunkSamples) ?? chunkSamples;
    // Without a way back the header can say neither length nor checksum, as on a live stream.
    const encoder = flac.create_libflac_encoder(sampleRateHz, 1, 16, COMPRESSION, 0, false, block);
    if (encoder === 0) throw new Error(`libflac takes no blocks of ${block} samples at ${sampleRateHz} Hz`);
    const chunks: Uint8Array[][] = Array.from({ length: Math.ceil(samples.length / chunkSamples) }, () => []);
    let frame = 0;
    const write = (bytes: Uint8Array, _length: number, frameSamples: number): void => {
      // What comes before the first frame is the header: it goes out with the first chunk.
      const chunk = Math.floor((frame * block) / chunkSamples);
      if (frameSamples > 0) frame++;
      chunks[chunk]?.push(Uint8Array.from(bytes));
    };
    try {
      const status = flac.init_encoder_stream(encoder, write);
      if (status !== 0) throw new Error(`libflac can't begin (status ${status})`);
      const done =
        flac.FLAC__stream_encoder_process_interleaved(encoder, Int32Array.from(samples), samples.length) &&
        flac.FLAC__stream_encoder_finish(encoder);
      if (!done) throw new Error("libflac failed");
    } finally {
      flac.FLAC__stream_encoder_delete(encoder);
    }
    return chunks.map((pieces) => Buffer.concat(pieces));
  };
}

/** Samples of a FLAC block such that a chunk is whole blocks: the longest; undefined when there is none. */
export function flacBlock(chunkSamples: number): number | undefined {
  for (let count = Math.ceil(chunkSamples / LONGEST_BLOCK); chunkSamples / count >= SHORTEST_BLOCK; count++) {
    if (chunkSamples % count === 0) return chunkSamples / count;
  }
  return undefined;
}

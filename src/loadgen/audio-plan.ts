/**
 * A clip made ready to be sent: cut into chunks, each already in the transport's wire form. Made once per clip, shared
 * by all sessions.
 */
import { chunkAudio } from "../base/audio.ts";
import type { Clip } from "../base/dataset.ts";
import type { AsrTransport, EncodedChunk } from "../client/transport.ts";
import type { ClipFacts } from "../metrics/observation.ts";

export interface ReadyClip {
  facts: ClipFacts;
  sampleRateHz: number;
  chunks: readonly EncodedChunk[];
  /** Length of every chunk but the last. */
  chunkMs: number;
  /** Silence that can take the place of a chunk; absent where the encoding has no chunk that stands alone. */
  silence?: { whole: EncodedChunk; last: EncodedChunk };
}

/**
 * Cuts and encodes a clip.
 * @param runtimeConfig told to the server beside the chunk in which speech ends
 * @param chunkMs wanted length; the true one is a whole number of samples, as in NVIDIA's client: floor(rate x ms / 1000)
 */
export function readyClip(
  clip: Clip,
  chunkMs: number,
  encode: AsrTransport["encodeChunk"],
  runtimeConfig?: Readonly<Record<string, string>>,
): ReadyClip {
  const samples = Math.floor((clip.sampleRateHz * chunkMs) / 1000);
  const chunks = chunkAudio(clip.pcm, samples * 2);
  const speechEnd = Math.min(
    chunks.length - 1,
    Math.floor((clip.speechEndMs * clip.sampleRateHz) / (samples * 1000)),
  );
  const silent = (chunk: Uint8Array | undefined): EncodedChunk => encode(new Uint8Array(chunk?.length ?? 0));
  return {
    facts: {
      id: clip.id,
      audioMs: clip.audioMs,
      onsetMs: clip.onsetMs,
      speechEndMs: clip.speechEndMs,
      ...(clip.text === undefined ? {} : { text: clip.text }),
      words: clip.words,
    },
    sampleRateHz: clip.sampleRateHz,
    chunks: chunks.map((chunk, k) => encode(chunk, k === speechEnd ? runtimeConfig : undefined)),
    silence: { whole: silent(chunks[0]), last: silent(chunks.at(-1)) },
    chunkMs: (samples * 1000) / clip.sampleRateHz,
  };
}

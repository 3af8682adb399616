/**
 * A clip made ready to be sent: cut into chunks, each already in the transport's wire form. Made once per clip, shared
 * by all sessions.
 */
import { defined } from "../../base/defined.ts";
import type { Clip, ClipInfo } from "../../base/dataset/dataset.ts";
import type { AsrTransport, AudioEncoding, EncodedChunk } from "../../client/transport.ts";
import type { ClipFacts } from "../../metrics/observation/observation.ts";
import type { ChunkEncoder } from "./chunk-encoder.ts";
import { chunksStandAlone, chunkSamplesOf } from "./encoded-audio.ts";

export interface ReadyClip {
  facts: ClipFacts;
  sampleRateHz: number;
  chunks: readonly EncodedChunk[];
  /** Length of every chunk but the last. */
  chunkMs: number;
  /** Silence that can take the place of a chunk; absent where the encoding has no chunk that stands alone. */
  silence?: { whole: EncodedChunk; last: EncodedChunk };
}

/** How audio gets into its wire form. */
export interface WireForm {
  encoding: AudioEncoding;
  /** Of that encoding. */
  encoder: ChunkEncoder;
  /** The transport's. */
  frame: AsrTransport["encodeChunk"];
  /** Told to the server beside the chunk in which speech ends. */
  runtimeConfig?: Readonly<Record<string, string>> | undefined;
}

/**
 * Cuts and encodes a clip.
 * @param chunkMs wanted length; the true one is a whole number of samples, as in NVIDIA's client: floor(rate x ms / 1000)
 */
export function readyClip(clip: Clip, chunkMs: number, wire: WireForm): ReadyClip {
  const { encoding, encoder, frame, runtimeConfig } = wire;
  const { sampleRateHz } = clip;
  const chunkSamples = chunkSamplesOf(sampleRateHz, chunkMs);
  const samples = samplesOf(clip.pcm);
  const encoded = encoder(samples, sampleRateHz, chunkSamples);
  const speechEnd = Math.min(
    encoded.length - 1,
    Math.floor((clip.speechEndMs * sampleRateHz) / (chunkSamples * 1000)),
  );
  const silent = (length: number): EncodedChunk =>
    frame(encoder(new Int16Array(length), sampleRateHz, chunkSamples)[0] ?? new Uint8Array());
  const lastSamples = samples.length - (encoded.length - 1) * chunkSamples;
  return {
    facts: clipFacts(clip),
    sampleRateHz,
    chunks: encoded.map((bytes, k) => frame(bytes, k === speechEnd ? runtimeConfig : undefined)),
    chunkMs: (chunkSamples * 1000) / sampleRateHz,
    ...(chunksStandAlone(encoding)
      ? { silence: { whole: silent(Math.min(chunkSamples, samples.length)), last: silent(lastSamples) } }
      : {}),
  };
}

/** Facts of a clip that session records refer to. */
export function clipFacts({ id, audioMs, onsetMs, speechEndMs, text, words }: ClipInfo): ClipFacts {
  return { id, audioMs, onsetMs, speechEndMs, ...defined({ text }), words };
}

/** Bytes as samples; copied where they don't begin at a whole one. */
function samplesOf(pcm: Uint8Array): Int16Array {
  if (pcm.byteOffset % 2 === 0) return new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2);
  // Not slice(): a Buffer's shares the memory of the file it was cut from.
  return new Int16Array(Uint8Array.from(pcm).buffer);
}

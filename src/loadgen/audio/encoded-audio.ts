/**
 * Audio in the encoding that goes over the wire, cut into chunks: chunk k holds the bytes that encode the samples recorded
 * since chunk k - 1, so it is due when its last sample has been spoken, whatever the encoding. Done once per clip and chunk
 * size, before the clock starts; all sessions share the bytes.
 */
import type { CompandingLaw } from "../../base/audio/g711.ts";
import { encodeG711 } from "../../base/audio/g711.ts";
import type { AudioEncoding } from "../../client/transport.ts";
import type { ChunkEncoder } from "./chunk-encoder.ts";
import { flacBlock, flacEncoder } from "./flac-encoder.ts";
import { OPUS_RATES_HZ, opusEncoder, opusFrameMs } from "./opus-encoder.ts";

/** The encoder for an encoding, ready for use. */
export async function chunkEncoder(encoding: AudioEncoding): Promise<ChunkEncoder> {
  switch (encoding) {
    case "LINEAR_PCM":
      return sampleBySample(
        (samples) => new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
      );
    case "MULAW":
    case "ALAW":
      return companded(encoding);
    case "FLAC":
      return flacEncoder();
    case "OGGOPUS":
      return opusEncoder;
  }
}

/** True when a chunk stands alone, so that another may take its place. */
export function chunksStandAlone(encoding: AudioEncoding): boolean {
  return encoding !== "FLAC" && encoding !== "OGGOPUS";
}

/** Why audio of this rate can't be sent in such chunks; undefined when it can. */
export function encodingProblem(
  encoding: AudioEncoding,
  sampleRateHz: number,
  chunkMs: number,
): string | undefined {
  if (encoding === "OGGOPUS") {
    if (!OPUS_RATES_HZ.includes(sampleRateHz))
      return `OGGOPUS takes audio of ${OPUS_RATES_HZ.join(", ")} Hz, this is of ${sampleRateHz} Hz`;
    if (opusFrameMs(chunkMs) === undefined)
      return `OGGOPUS is made of frames of 10 or 20 ms: audio.chunk must be a multiple of 10 ms`;
  }
  if (encoding === "FLAC" && flacBlock(chunkSamplesOf(sampleRateHz, chunkMs)) === undefined)
    return `FLAC has no blocks that fit chunks of ${chunkMs} ms at ${sampleRateHz} Hz; take another audio.chunk`;
  return undefined;
}

/** Samples of a chunk: a whole number, as in NVIDIA's client. */
export function chunkSamplesOf(sampleRateHz: number, chunkMs: number): number {
  return Math.floor((sampleRateHz * chunkMs) / 1000);
}

function companded(law: CompandingLaw): ChunkEncoder {
  return sampleBySample((samples) => encodeG711(law, samples));
}

function sampleBySample(encode: (samples: Int16Array) => Uint8Array): ChunkEncoder {
  return (samples, _, chunkSamples) => {
    const chunks: Uint8Array[] = [];
    for (let from = 0; from < samples.length; from += chunkSamples)
      chunks.push(encode(samples.subarray(from, from + chunkSamples)));
    return chunks;
  };
}

/**
 * PCM to Opus in Ogg (RFC 6716, 7845), in pieces that each hold the packets of one chunk. The only importer of opusscript.
 *
 * The codec looks ahead: the last 6.5 ms before the end of a chunk are in the packets of the next one, as on every live
 * Opus stream.
 */
import OpusScript from "opusscript";
import type { ChunkEncoder } from "./chunk-encoder.ts";
import { OggStream } from "./ogg-stream.ts";

/** Ogg counts Opus audio at this rate whatever the input's is. */
const GRANULE_HZ = 48_000;
/** The encoder's look-ahead at 48 kHz, 6.5 ms: libopus gives 4 ms of delay compensation and 2.5 ms of overlap. */
const PRE_SKIP = 312;
/** What browsers send for one voice. */
const BITS_PER_SECOND = 32_000;

/** Rates that the codec takes. */
export const OPUS_RATES_HZ: readonly number[] = OpusScript.VALID_SAMPLING_RATES;

/** Length of the Opus frames that a chunk is made of; undefined when it is not made of whole ones. */
export function opusFrameMs(chunkMs: number): number | undefined {
  return [20, 10].find((frameMs) => chunkMs % frameMs === 0);
}

/** @throws Error when the codec refuses rate or frame length, which `encodingProblem` tells before */
export const opusEncoder: ChunkEncoder = (samples, sampleRateHz, chunkSamples) => {
  const frameMs = opusFrameMs((chunkSamples * 1000) / sampleRateHz) ?? NaN;
  const frameSamples = (sampleRateHz * frameMs) / 1000;
  const granulesPerSample = GRANULE_HZ / sampleRateHz;
  const codec = new OpusScript(
    sampleRateHz as ConstructorParameters<typeof OpusScript>[0],
    1,
    OpusScript.Application.VOIP,
  );
  try {
    codec.setBitrate(BITS_PER_SECOND);
    const ogg = new OggStream();
    const head = [ogg.page([opusHead(sampleRateHz)], 0), ogg.page([opusTags()], 0)];
    const framesPerChunk = chunkSamples / frameSamples;
    // The look-ahead wants frames that go on past the end of the audio.
    const frames = Math.ceil((samples.length + PRE_SKIP / granulesPerSample) / frameSamples);
    const chunkCount = Math.ceil(samples.length / chunkSamples);
    return Array.from({ length: chunkCount }, (_, chunk) => {
      const isLast = chunk === chunkCount - 1;
      const from = chunk * framesPerChunk;
      const to = isLast ? frames : from + framesPerChunk;
      const packets: Uint8Array[] = [];
      for (let frame = from; frame < to; frame++)
        packets.push(codec.encode(frameBytes(samples, frame * frameSamples, frameSamples), frameSamples));
      const granule = isLast
        ? PRE_SKIP + samples.length * granulesPerSample
        : to * frameSamples * granulesPerSample;
      return Buffer.concat([...(chunk === 0 ? head : []), ogg.page(packets, granule, isLast)]);
    });
  } finally {
    codec.delete();
  }
};

/** Samples as bytes, filled up with silence at the end. */
function frameBytes(samples: Int16Array, from: number, count: number): Buffer {
  const frame = new Int16Array(count);
  frame.set(samples.subarray(from, from + count));
  return Buffer.from(frame.buffer);
}

/** RFC 7845, 5.1: version 1, mono, mapping family 0. */
function opusHead(sampleRateHz: number): Uint8Array {
  const head = Buffer.alloc(19);
  head.write("OpusHead", "latin1");
  head.writeUInt8(1, 8);
  head.writeUInt8(1, 9);
  head.writeUInt16LE(PRE_SKIP, 10);
  head.writeUInt32LE(sampleRateHz, 12);
  return head;
}

/** RFC 7845, 5.2, without any comments. */
function opusTags(): Uint8Array {
  const vendor = "riva-bench";
  const tags = Buffer.alloc(16 + vendor.length);
  tags.write("OpusTags", "latin1");
  tags.writeUInt32LE(vendor.length, 8);
  tags.write(vendor, 12, "latin1");
  return tags;
}

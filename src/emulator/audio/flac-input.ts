/**
 * FLAC (RFC 9639) as it comes in. One of the two importers of libflacjs.
 *
 * The library draws its input and can't wait for more of it in the middle of a frame. So frames are cut out here, by their
 * checksum, and decoded one by one as soon as their last byte has come. Frames know nothing of each other: one decoder
 * serves all streams.
 */
import libflac from "libflacjs";
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import type { AudioDecoder } from "./audio-format.ts";
import { broken, joined, mustAgree, unsupported } from "./audio-format.ts";

const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 4;
/** STREAMINFO, which comes first, with its block header. */
const STREAM_INFO_BYTES = BLOCK_HEADER_BYTES + 34;
/** Frame header of at most 16 bytes, checksum, and the header of the one subframe: what a frame may be longer than its samples. */
const FRAME_OVERHEAD_BYTES = 64;
const SHORTEST_FRAME_BYTES = 8;
/** Taken when STREAMINFO does not say how long blocks are. */
const LONGEST_BLOCK = 65_535;

/** Checksums of single bytes: polynomial 0x8005, not reflected (RFC 9639, 9.3). */
const CRC_TABLE: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x8005 : 0);
  return crc;
});

/** Samples of one frame of the stream that `head` (magic and STREAMINFO) begins; undefined when it is no whole frame. */
type DecodeFrame = (head: Buffer, frame: Buffer) => Int16Array | undefined;

let library: Promise<DecodeFrame> | undefined;

/** A decoder for one stream. */
export async function flacDecoder(config: RecognitionConfig): Promise<AudioDecoder> {
  const decode = await (library ??= loadLibrary());
  return new FlacInput(config, decode);
}

class FlacInput implements AudioDecoder {
  readonly #config: RecognitionConfig;
  readonly #decode: DecodeFrame;
  #held: Buffer = Buffer.alloc(0);
  #head: Buffer | undefined;
  #sampleRateHz: number | undefined;
  #longestFrameBytes = 0;
  #frames = false;
  /** Bytes of a metadata block that are still to be passed over. */
  #passOver = 0;
  /** Bytes at the front of `#held` that the checksum has gone over. */
  #summed = 0;
  #crc = 0;

  constructor(config: RecognitionConfig, decode: DecodeFrame) {
    this.#config = config;
    this.#decode = decode;
  }

  get sampleRateHz(): number | undefined {
    return this.#sampleRateHz;
  }

  push(bytes: Buffer): Int16Array {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const blocks: Int16Array[] = [];
    if (!this.#head) this.#readHead();
    const head = this.#head;
    if (!head || !this.#passMetadata()) return joined(blocks);
    for (let block = this.#nextBlock(head); block; block = this.#nextBlock(head)) blocks.push(block);
    return joined(blocks);
  }

  #readHead(): void {
    const size = MAGIC_BYTES + STREAM_INFO_BYTES;
    if (this.#held.length < size) return;
    const head = Buffer.from(this.#held.subarray(0, size));
    const type = head.readUInt8(MAGIC_BYTES);
    if ((type & 0x7f) !== 0 || head.readUIntBE(MAGIC_BYTES + 1, 3) !== STREAM_INFO_BYTES - BLOCK_HEADER_BYTES)
      throw broken("FLAC", "it does not begin with STREAMINFO");
    const info = head.subarray(MAGIC_BYTES + BLOCK_HEADER_BYTES);
    // 20 bits of rate, 3 of channels less one, 5 of bits a sample less one.
    const sampleRateHz = info.readUIntBE(10, 3) >> 4;
    const channels = ((info.readUInt8(12) >> 1) & 0x07) + 1;
    const bitsPerSample = ((info.readUInt16BE(12) >> 4) & 0x1f) + 1;
    if (bitsPerSample !== 16) throw unsupported(`FLAC of ${bitsPerSample} bits a sample`);
    mustAgree(this.#config, { encoding: "FLAC", sampleRateHz, channels });
    this.#sampleRateHz = sampleRateHz;
    this.#longestFrameBytes = 2 * (info.readUInt16BE(2) || LONGEST_BLOCK) + FRAME_OVERHEAD_BYTES;
    this.#frames = (type & 0x80) !== 0;
    this.#held = this.#held.subarray(size);
    // The decoder is to expect frames next.
    head.writeUInt8(type | 0x80, MAGIC_BYTES);
    this.#head = head;
  }

  /** Passes over what stands between STREAMINFO and the first frame; true once that has come. */
  #passMetadata(): boolean {
    for (;;) {
      const passed = Math.min(this.#passOver, this.#held.length);
      this.#passOver -= passed;
      this.#held = this.#held.subarray(passed);
      if (this.#frames && this.#passOver === 0) return true;
      if (this.#held.length < BLOCK_HEADER_BYTES) return false;
      this.#frames = (this.#held.readUInt8(0) & 0x80) !== 0;
      this.#passOver = BLOCK_HEADER_BYTES + this.#held.readUIntBE(1, 3);
    }
  }

  /** Decodes the frame at the front of `#held`; undefined when it is not all there. */
  #nextBlock(head: Buffer): Int16Array | undefined {
    const held = this.#held;
    if (held.length >= 2 && !isSync(held, 0)) throw broken("FLAC", "a frame does not begin where one must");
    while (this.#summed < held.length) {
      const byte = held[this.#summed++] as number;
      this.#crc = ((this.#crc << 8) & 0xffff) ^ (CRC_TABLE[(this.#crc >> 8) ^ byte] as number);
      // With its own checksum behind it a frame sums up to zero. So may its beginning, by chance: decoding tells.
      const mayEnd = this.#crc === 0 && this.#summed >= SHORTEST_FRAME_BYTES;
      const block = mayEnd ? this.#decode(head, held.subarray(0, this.#summed)) : undefined;
      if (!block) continue;
      this.#held = held.subarray(this.#summed);
      this.#summed = 0;
      return block;
    }
    if (this.#summed > this.#longestFrameBytes) throw broken("FLAC", "a frame's checksum is wrong");
    return undefined;
  }
}

/** True when a frame may begin there, for all that has come. */
function isSync(bytes: Buffer, at: number): boolean {
  return (bytes[at] ?? 0xff) === 0xff && ((bytes[at + 1] ?? 0xf8) & 0xfe) === 0xf8;
}

async function loadLibrary(): Promise<DecodeFrame> {
  // The WASM variant fetches its code from a path, which Node's own fetch refuses.
  const flac = libflac("min");
  if (!flac.isReady()) await new Promise<void>((resolve) => flac.on("ready", () => resolve()));
  const decoder = flac.create_libflac_decoder(false);
  let input: Buffer = Buffer.alloc(0);
  /** What the library makes of the frame it was given. */
  let told: { block?: Int16Array; failed?: true } = {};
  const status = flac.init_decoder_stream(
    decoder,
    (most) => {
      const buffer = new Uint8Array(input.subarray(0, most));
      input = input.subarray(buffer.length);
      return { buffer, readDataLength: buffer.length, error: false };
    },
    ([channel], { channels, bitsPerSample }) => {
      // A frame has a header of its own, which may say something else than the stream's.
      if (channels === 1 && bitsPerSample === 16 && channel)
        told.block = new Int16Array(channel.slice().buffer);
    },
    () => (told.failed = true),
  );
  if (decoder === 0 || status !== 0) throw new Error(`libflac can't begin (status ${status})`);

  return (head, frame) => {
    told = {};
    input = Buffer.concat([head, frame]);
    flac.FLAC__stream_decoder_reset(decoder);
    flac.FLAC__stream_decoder_process_until_end_of_metadata(decoder);
    flac.FLAC__stream_decoder_process_single(decoder);
    return told.failed ? undefined : told.block;
  };
}

import fc from "fast-check";
import type { RecognitionConfig } from "../../../src/base/riva-proto.ts";
import { opusDecoder } from "../../../src/emulator/audio/opus-input.ts";
import { OggReader } from "../../../src/emulator/audio/ogg-pages.ts";
import { Rejection } from "../../../src/emulator/call/rejection.ts";
import { oggPage } from "../../support/ogg.ts";
import { cutPieces, edge32, withCut } from "../binary.ts";
import { fail, shape } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const config = { encoding: "OGGOPUS", sample_rate_hertz: 0, audio_channel_count: 0 } as RecognitionConfig;
const head = Buffer.from("OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0", "latin1");
const tags = Buffer.concat([Buffer.from("OpusTags"), Buffer.alloc(8)]);
const packet = fc.oneof(
  fc.constantFrom(head, tags, Buffer.from([0xf8, 0xff, 0xfe])),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const page = fc
  .record({
    packets: fc.array(packet, { maxLength: 4 }),
    flags: fc.constantFrom(0, 0, 1, 2, 4),
    granule: edge32,
    serial: fc.constantFrom(7, 7, 7, 8),
  })
  .map(({ packets, ...options }) => oggPage(packets, options));
const stream = fc
  .array(page, { maxLength: 4 })
  .map((pages) => Buffer.concat([oggPage([head], { flags: 2 }), oggPage([tags]), ...pages]));

/** One codec for all: it remembers, but only sound. A new one for each input would be memory of WebAssembly without end. */
const decoder = opusDecoder(config);

export const oggOpus: FuzzTarget = {
  name: "ogg-opus",
  about:
    "Ogg pages and Opus packets to the emulator, in pieces; checksums are put right (emulator/ogg-pages.ts, opus-input.ts)",
  dictionary: ["OggS", "OpusHead", "OpusTags", "\0\x02", "\xff\xff"],
  grammar: withCut(stream),
  async run(input) {
    const pieces = cutPieces(input);
    const mended = checksummed(Buffer.concat(pieces));
    let at = 0;
    const reader = new OggReader();
    try {
      let packets = 0;
      for (const { length } of pieces) {
        for (const read of reader.push(mended.subarray(at, at + length))) packets += read.packets.length;
        at += length;
      }
      if (packets > mended.length) fail(`${packets} packets in ${mended.length} bytes`);
      (await decoder).push(mended);
      return `packets ${Math.min(9, packets)}`;
    } catch (error) {
      if (error instanceof Rejection) return shape(error.message);
      throw error;
    }
  },
};

/** The same pages with their right checksums: else nothing behind them would be read. */
function checksummed(bytes: Buffer): Buffer {
  const pages = Buffer.from(bytes);
  for (let from = pages.indexOf("OggS"); from >= 0 && from + 27 <= pages.length;) {
    const segments = pages[from + 26] ?? 0;
    const lacing = pages.subarray(from + 27, from + 27 + segments);
    const end = from + 27 + segments + lacing.reduce((sum, length) => sum + length, 0);
    if (end > pages.length) break;
    pages.writeUInt32LE(0, from + 22);
    pages.writeUInt32LE(crcOf(pages.subarray(from, end)), from + 22);
    from = pages.indexOf("OggS", end);
  }
  return pages;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80_00_00_00 ? 0x04_c1_1d_b7 : 0);
  return crc;
});

function crcOf(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) crc = (crc << 8) ^ (TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0);
  return crc >>> 0;
}

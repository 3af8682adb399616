/** MP3, as Common Voice has it. The only importer of mpg123-decoder. */
import { BenchError } from "../../base/errors.ts";
import { readNamedBytes } from "../../base/files/read-file.ts";
import type { Sound } from "./sound.ts";
import { DecodedSamples, optionalPackage, piecesOf } from "./sound.ts";

/** @throws BenchError (exit 2) naming the file: damaged, empty; or the missing decoder */
export async function openMp3(path: string): Promise<Sound> {
  const { MPEGDecoder } = await optionalPackage(() => import("mpg123-decoder"), "mpg123-decoder", "MP3");
  const bytes = await readNamedBytes(path);
  // The decoder gives two channels for one.
  const isMono = hasOneChannel(bytes);
  const samples = new DecodedSamples(path);
  const decoder = new MPEGDecoder();
  await decoder.ready;
  let sampleRateHz = 0;
  try {
    for (const piece of piecesOf(bytes)) {
      const decoded = decoder.decode(piece);
      const [error] = decoded.errors;
      if (error !== undefined) throw BenchError.usage(`${path}: damaged MP3 (${error.message})`);
      if (decoded.samplesDecoded > 0) ({ sampleRate: sampleRateHz } = decoded);
      samples.add(isMono ? decoded.channelData.slice(0, 1) : decoded.channelData);
    }
  } finally {
    decoder.free();
  }
  return samples.sound(sampleRateHz);
}

const ID3_HEADER_BYTES = 10;

/** Channel mode 3 in the header of the first frame (ISO 11172-3, 2.4.2.3), which may stand behind tags of ID3v2. */
function hasOneChannel(bytes: Buffer): boolean {
  let at = 0;
  while (bytes.toString("latin1", at, at + 3) === "ID3" && bytes.length >= at + ID3_HEADER_BYTES) {
    // Four times seven bits.
    const size = [6, 7, 8, 9].reduce((sum, i) => sum * 128 + (bytes.readUInt8(at + i) & 0x7f), 0);
    at += ID3_HEADER_BYTES + size;
  }
  for (; at + 3 < bytes.length; at++) if (isFrame(bytes, at)) return bytes.readUInt8(at + 3) >> 6 === 3;
  return false;
}

/** Eleven set bits, then a version, layer, bit rate and sample rate that are not reserved. */
function isFrame(bytes: Buffer, at: number): boolean {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
  const isSync = first === 0xff && second >= 0xe0;
  return (
    isSync &&
    (second & 0x18) !== 0x08 &&
    (second & 0x06) !== 0 &&
    third >> 4 !== 15 &&
    (third & 0x0c) !== 0x0c
  );
}

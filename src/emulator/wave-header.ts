/** The RIFF WAVE header that file clients leave at the front of their audio. */
import type { LinearEncoding } from "./audio-format.ts";

/** Format tags of RIFF WAVE. */
const WAVE_ENCODINGS: Readonly<Record<number, LinearEncoding>> = { 1: "LINEAR_PCM", 6: "ALAW", 7: "MULAW" };
const WAVE_EXTENSIBLE = 0xfffe;
/** A header longer than this is none. */
const LONGEST_HEADER_BYTES = 65_536;

export interface WaveHeader {
  encoding: LinearEncoding | undefined;
  sampleRateHz: number;
  channels: number;
  bitsPerSample: number;
  /** Where the audio begins. */
  bytes: number;
}

/** The header at the front of `bytes`, which begin with "RIFF"; undefined when they hold something else. */
export function waveHeader(bytes: Buffer): WaveHeader | "incomplete" | undefined {
  if (bytes.length >= 12 && bytes.toString("latin1", 8, 12) !== "WAVE") return undefined;

  const header: WaveHeader = {
    encoding: undefined,
    sampleRateHz: 0,
    channels: 0,
    bitsPerSample: 0,
    bytes: 0,
  };
  for (let at = 12; at + 8 <= bytes.length;) {
    const chunk = bytes.toString("latin1", at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (chunk === "data") return { ...header, bytes: at + 8 };
    if (chunk === "fmt " && at + 24 <= bytes.length) {
      const tag = bytes.readUInt16LE(at + 8);
      // The extensible form keeps the real tag at the front of a GUID.
      const extended = tag === WAVE_EXTENSIBLE && at + 34 <= bytes.length;
      header.encoding = WAVE_ENCODINGS[extended ? bytes.readUInt16LE(at + 32) : tag];
      header.channels = bytes.readUInt16LE(at + 10);
      header.sampleRateHz = bytes.readUInt32LE(at + 12);
      header.bitsPerSample = bytes.readUInt16LE(at + 22);
    }
    at += 8 + size + (size % 2);
  }
  return bytes.length > LONGEST_HEADER_BYTES ? undefined : "incomplete";
}

import { expect, test } from "vitest";
import { pcm16 } from "../../../test/support/wav.ts";
import type { WavCoding } from "./wav-format.ts";
import { Pcm16Stream, toPcm16 } from "./wav-samples.ts";

/** -32768 to 32767 in steps of 257: both ends, and every upper and lower byte. */
const RAMP = Array.from({ length: 256 }, (_, step) => -32_768 + step * 257);

/** Writes the ramp in another depth; the value is exact where the depth allows it. */
function ramp(bytesEach: number, write: (buffer: Buffer, at: number, sample: number) => void): Buffer {
  const buffer = Buffer.alloc(RAMP.length * bytesEach);
  for (const [index, sample] of RAMP.entries()) write(buffer, index * bytesEach, sample);
  return buffer;
}

const samplesOf = (bytes: unknown): number[] => {
  if (!(bytes instanceof Uint8Array)) throw new Error(`refused: ${JSON.stringify(bytes)}`);
  const copy = Buffer.from(bytes);
  return Array.from({ length: copy.length / 2 }, (_, i) => copy.readInt16LE(i * 2));
};

const DEPTHS: readonly (readonly [WavCoding, number, Buffer, number])[] = [
  ["PCM", 8, ramp(1, (buffer, at, sample) => buffer.writeUInt8((sample >> 8) + 128, at)), 256],
  ["PCM", 16, ramp(2, (buffer, at, sample) => buffer.writeInt16LE(sample, at)), 0],
  ["PCM", 24, ramp(3, (buffer, at, sample) => buffer.writeIntLE(sample * 256, at, 3)), 0],
  ["PCM", 32, ramp(4, (buffer, at, sample) => buffer.writeInt32LE(sample * 65_536, at)), 0],
  ["float", 32, ramp(4, (buffer, at, sample) => buffer.writeFloatLE(sample / 32_768, at)), 0],
  ["float", 64, ramp(8, (buffer, at, sample) => buffer.writeDoubleLE(sample / 32_768, at)), 0],
];

test.each(DEPTHS)("%s of %d bits keeps every sample of a ramp", (coding, bits, bytes, tolerance) => {
  const format = { coding, bits, channels: 1, sampleRateHz: 16_000 };
  const samples = samplesOf(toPcm16(format, bytes));
  expect(samples).toHaveLength(RAMP.length);
  for (const [index, sample] of samples.entries())
    expect(Math.abs(sample - (RAMP[index] ?? NaN))).toBeLessThanOrEqual(tolerance);
});

test.each(DEPTHS)("%s of %d bits is the same in pieces of any length", (coding, bits, bytes) => {
  const format = { coding, bits, channels: 1, sampleRateHz: 16_000 };
  const whole = samplesOf(toPcm16(format, bytes));
  for (const length of [1, 2, 3, 5, 7, 100]) {
    const stream = new Pcm16Stream(format);
    const parts: number[] = [];
    for (let at = 0; at < bytes.length; at += length)
      parts.push(...samplesOf(stream.push(bytes.subarray(at, at + length))));
    expect(parts).toEqual(whole);
  }
});

const float = { coding: "float", bits: 32, channels: 1, sampleRateHz: 16_000 } as const;
const floats = (...values: number[]): Buffer => Buffer.from(new Float32Array(values).buffer);

test("deeper PCM is rounded to the nearest step, and never past the highest", () => {
  const format = { coding: "PCM", bits: 24, channels: 1, sampleRateHz: 16_000 } as const;
  const bytes = Buffer.alloc(9);
  bytes.writeIntLE(0x000180, 0, 3);
  bytes.writeIntLE(0x00017f, 3, 3);
  bytes.writeIntLE(0x7fffff, 6, 3);
  expect(samplesOf(toPcm16(format, bytes))).toEqual([2, 1, 32_767]);
});

test("floats up to 6 dB over full scale are clipped", () => {
  expect(samplesOf(toPcm16(float, floats(1, -1, 1.5, -2)))).toEqual([32_767, -32_768, 32_767, -32_768]);
});

test.each([
  [NaN, "sample 1 is NaN, not a finite number", undefined],
  [Infinity, "sample 1 is Infinity, not a finite number", undefined],
  [-Infinity, "sample 1 is -Infinity, not a finite number", undefined],
  [16_384, "its float samples reach 1.638e+4, full scale is 1: they are not scaled to +-1", 16_384],
])("a float sample of %d is refused", (value, refused, peak) => {
  const result = toPcm16(float, floats(0.5, value));
  expect(result).toEqual(peak === undefined ? { refused } : { refused, peak });
});

test("an odd beginning of 16-bit samples in memory is no hindrance", () => {
  const bytes = Buffer.concat([Buffer.from([9]), Buffer.alloc(12)]).subarray(1);
  bytes.writeDoubleLE(0.5, 0);
  expect(toPcm16({ ...float, bits: 64 }, bytes.subarray(0, 8))).toEqual(new Uint8Array(pcm16([16_384])));
});

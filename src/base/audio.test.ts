import { expect, test } from "vitest";
import { thrownBy } from "../../test/support/thrown.ts";
import type { WavOptions } from "../../test/support/wav.ts";
import { pcm16, wavFile } from "../../test/support/wav.ts";
import { chunkAudio, decodeWav, pcmBytes, pcmDurationMs, withPadding } from "./audio.ts";

const samplesOf = (pcm: Uint8Array): number[] =>
  Array.from({ length: pcm.length / 2 }, (_, i) => Buffer.from(pcm).readInt16LE(i * 2));

test("mono 16-bit PCM is a view of the file, not a copy", () => {
  const file = wavFile(pcm16([1, -2, 32767, -32768]));
  const { pcm, ...rest } = decodeWav(file, "a.wav");
  expect(samplesOf(pcm)).toEqual([1, -2, 32767, -32768]);
  expect([pcm.buffer, pcm.byteOffset - file.byteOffset]).toEqual([file.buffer, 44]);
  expect(rest).toEqual({ sampleRateHz: 16_000, durationMs: 0.25, encoding: "16-bit PCM" });
});

test("a plain Uint8Array is read too", () => {
  expect(samplesOf(decodeWav(Uint8Array.from(wavFile(pcm16([7, 8]))), "a.wav").pcm)).toEqual([7, 8]);
});

// Values of ITU-T G.711: the two extremes and the smallest step.
test.each<[string, WavOptions, Uint8Array, number[]]>([
  ["mu-law", { format: 7, bits: 8 }, Uint8Array.of(0x00, 0x80, 0xff, 0x7f), [-32124, 32124, 0, 0]],
  ["A-law", { format: 6, bits: 8 }, Uint8Array.of(0x2a, 0xaa, 0xd5, 0x55), [-32256, 32256, 8, -8]],
  ["8-bit PCM", { bits: 8 }, Uint8Array.of(128, 0, 255), [0, -32768, 32767]],
  ["24-bit PCM", { bits: 24 }, Uint8Array.of(0, 0, 0x80, 0, 0, 0), [-32768, 0]],
  [
    "32-bit float",
    { format: 3, bits: 32 },
    new Uint8Array(Float32Array.of(-1, 0, 2).buffer),
    [-32768, 0, 32767],
  ],
])("%s becomes 16-bit PCM", (encoding, options, data, expected) => {
  const decoded = decodeWav(wavFile(data, options), "a.wav");
  expect(decoded.encoding).toBe(encoding);
  for (const [i, sample] of samplesOf(decoded.pcm).entries()) {
    expect(Math.abs(sample - (expected[i] ?? NaN))).toBeLessThanOrEqual(1);
  }
});

test.each([8000, 16_000, 22_050, 44_100, 48_000, 96_000])("%d Hz is kept", (sampleRateHz) => {
  const decoded = decodeWav(wavFile(pcm16(Array<number>(100).fill(1)), { sampleRateHz }), "a.wav");
  expect(decoded.sampleRateHz).toBe(sampleRateHz);
  expect(decoded.durationMs).toBeCloseTo(100_000 / sampleRateHz, 9);
});

const four = pcm16([1, 2, 3, 4]);
test.each<[RegExp, Uint8Array]>([
  [/not a readable WAV/, Buffer.from("")],
  [/not a readable WAV/, Buffer.from("ID3 this is an mp3, not a wav file at all")],
  [/not a readable WAV.*data/, wavFile(four).subarray(0, 40)],
  [/truncated.*declares 8 bytes.*5 are present/, wavFile(four).subarray(0, 49)],
  [/truncated/, wavFile(four, { declaredBytes: 1000 })],
  [/no audio/, wavFile(Buffer.alloc(0))],
  [/2 channels/, wavFile(four, { channels: 2 })],
  [/6000 Hz/, wavFile(four, { sampleRateHz: 6000 })],
  [/192000 Hz/, wavFile(four, { sampleRateHz: 192_000 })],
  [/coding is not supported/, wavFile(four, { format: 17, bits: 4 })],
])("%s", (message, bytes) => {
  const error = thrownBy(() => decodeWav(bytes, "call.wav"));
  expect(error.message).toMatch(message);
  expect(error.message).toContain("call.wav");
  expect(error.exitCode).toBe(2);
});

test("a length that could not be written back is the rest of the file", () => {
  expect(samplesOf(decodeWav(wavFile(four, { declaredBytes: 0xffffffff }), "a.wav").pcm)).toEqual([
    1, 2, 3, 4,
  ]);
});

test("chunks are views and the last is what is left", () => {
  const chunks = chunkAudio(four, 6);
  expect(chunks.map((chunk) => chunk.length)).toEqual([6, 2]);
  expect(chunks.every((chunk) => chunk.buffer === four.buffer)).toBe(true);
});

test("padding is whole samples of silence", () => {
  const padded = withPadding(pcm16([5]), 1, 0.5, 8000);
  expect(samplesOf(padded)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0]);
  expect(withPadding(four, 0, 0, 8000)).toBe(four);
});

test("bytes and milliseconds are each other's inverse", () => {
  expect(pcmBytes(100, 16_000)).toBe(3200);
  expect(pcmDurationMs(new Uint8Array(3200), 16_000)).toBe(100);
});

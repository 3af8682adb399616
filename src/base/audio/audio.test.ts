import { expect, test } from "vitest";
import { thrownBy } from "../../../test/support/thrown.ts";
import type { WavOptions } from "../../../test/support/wav.ts";
import { pcm16, wavFile } from "../../../test/support/wav.ts";
import {
  chunkAudio,
  decodeWav,
  encodeWav,
  isPlainWav,
  pcmBytes,
  pcmDurationMs,
  withPadding,
} from "./audio.ts";

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
  ["8-bit PCM", { bits: 8 }, Uint8Array.of(128, 0, 255), [0, -32768, 32512]],
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
  [/ends before the audio \(`data`\)/, wavFile(four).subarray(0, 40)],
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

test("a written WAV is plain, and read as what was written, from an odd place in memory too", () => {
  const shifted = Buffer.concat([Buffer.from([9]), four]).subarray(1);
  const file = encodeWav(shifted, 44_100);
  const decoded = decodeWav(file, "a.wav");
  expect(samplesOf(decoded.pcm)).toEqual([1, 2, 3, 4]);
  expect([decoded.sampleRateHz, decoded.encoding, isPlainWav(file, decoded)]).toEqual([
    44_100,
    "16-bit PCM",
    true,
  ]);
});

test.each([
  [wavFile(Uint8Array.of(128, 0, 255), { bits: 8 }), false],
  [Buffer.concat([wavFile(four), Buffer.from("LIST\x04\0\0\0INFO")]), false],
  [wavFile(four, { declaredBytes: 0xffffffff }), true],
])("what is more than header and 16-bit samples is not plain", (file, plain) => {
  expect(isPlainWav(file, decodeWav(file, "a.wav"))).toBe(plain);
});

test.each<[Uint8Array, string, string]>([
  [
    wavFile(four, { channels: 2 }),
    "two channels.wav",
    `Take one channel, here the first: ffmpeg -i 'two channels.wav' -af "pan=mono|c0=c0" -c:a pcm_s16le 'two channels-mono.wav'`,
  ],
  [
    wavFile(four, { channels: 2, sampleRateHz: 192_000 }),
    "-it's.wav",
    `Take one channel, here the first: ffmpeg -i './-it'\\''s.wav' -af "pan=mono|c0=c0" -ar 16000 -c:a pcm_s16le './-it'\\''s-mono.wav'`,
  ],
  [
    wavFile(four, { sampleRateHz: 6000 }),
    "$HOME.wav",
    "Convert it: ffmpeg -i '$HOME.wav' -ar 16000 -c:a pcm_s16le '$HOME-pcm16.wav'",
  ],
  [wavFile(four, { format: 0xff }), "d.x/a", "Convert it: ffmpeg -i d.x/a -c:a pcm_s16le d.x/a-pcm16.wav"],
  [
    wavFile(new Uint8Array(Float32Array.of(20_000).buffer), { format: 3, bits: 32 }),
    "a.wav",
    "Scale it: ffmpeg -i a.wav -af volume=0.0000500 -c:a pcm_s16le a-scaled.wav",
  ],
])("the advised command can be copied into a shell: %#", (file, name, hint) => {
  expect(thrownBy(() => decodeWav(file, name)).hint).toBe(hint);
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

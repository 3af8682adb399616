import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pcm16, wavFile } from "../../../test/support/wav.ts";
import { PACKAGE_ROOT } from "../../base/process/package-root.ts";
import { WavInput } from "./wav-header.ts";

const wav = readFileSync(join(PACKAGE_ROOT, "datasets/core/wav/ps-goforward.wav"));

test("gives samples once the header is whole", () => {
  const input = new WavInput();
  expect([input.push(wav.subarray(0, 40)), input.sampleRateHz]).toEqual([Buffer.alloc(0), undefined]);
  expect(input.push(wav.subarray(40, 3200))).toEqual(wav.subarray(44, 3200));
  expect(input.sampleRateHz).toBe(16_000);
});

test.each([
  [(bytes: Buffer) => bytes.fill("X", 0, 4), "does not begin with a WAV header"],
  [(bytes: Buffer) => bytes.writeUInt16LE(255, 20), "coding is not supported: AAC"],
  [(bytes: Buffer) => bytes.writeUInt32LE(1e9, 16), "no audio within the first 65536 bytes"],
  [(bytes: Buffer) => bytes.writeUInt32LE(0, 16), "holds 0 bytes"],
  [(bytes: Buffer) => bytes.writeUInt32LE(14, 16), "holds 14 bytes"],
  [(bytes: Buffer) => bytes.writeUInt32LE(0, 24), "has 0 Hz"],
  [(bytes: Buffer) => bytes.writeUInt32LE(1, 24), "has 1 Hz"],
  [(bytes: Buffer) => bytes.writeUInt32LE(7999, 24), "has 7999 Hz"],
  [(bytes: Buffer) => bytes.writeUInt32LE(48_001, 24), "has 48001 Hz"],
  [(bytes: Buffer) => bytes.writeUInt32LE(0xffffffff, 24), "has 4294967295 Hz"],
  [(bytes: Buffer) => bytes.writeUInt16LE(0, 22), "0 channels"],
  [(bytes: Buffer) => bytes.writeUInt16LE(0, 34), "0-bit PCM"],
  [(bytes: Buffer) => bytes.writeUInt16LE(0, 32), "0 bytes a block"],
])("what can't be streamed is refused with a reason: %#", (spoil, said) => {
  const bytes = Buffer.from(wav.subarray(0, 3200));
  spoil(bytes);
  expect(new WavInput().push(bytes)).toContain(said);
});

test("more than one channel is refused with their number", () => {
  expect(new WavInput().push(wavFile(pcm16([1, 2]), { channels: 2 }))).toContain("has 2 channels");
});

test("a header far into the stream is refused before it is reached", () => {
  const input = new WavInput();
  expect(input.push(wav.subarray(0, 36))).toHaveLength(0);
  const junk = Buffer.from("JUNK\xff\xff\xff\x00", "latin1");
  expect(input.push(junk)).toContain("no audio within the first 65536 bytes");
});

test("what follows the declared audio is no audio", () => {
  const samples = pcm16([1, 2, 3]);
  const file = Buffer.concat([wavFile(samples), Buffer.from("LIST\x04\0\0\0INFO", "latin1")]);
  expect(new WavInput().push(file)).toEqual(samples);
});

test("a stream that ends in its header is refused, one without any bytes is not", () => {
  const input = new WavInput();
  expect(input.unreadHeader()).toBeUndefined();
  input.push(wav.subarray(0, 40));
  expect(input.unreadHeader()).toContain("ends before the audio");
});

test("a float that is no number is refused when it comes", () => {
  const input = new WavInput();
  const file = wavFile(new Uint8Array(Float32Array.of(0.5, NaN).buffer), { format: 3, bits: 32 });
  expect(input.push(file.subarray(0, 48))).toEqual(pcm16([16_384]));
  expect(input.push(file.subarray(48))).toContain("sample 0 is NaN");
});

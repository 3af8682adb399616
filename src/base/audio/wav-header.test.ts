import { expect, test } from "vitest";
import { FLOAT, MU_LAW, PCM, riffFile, wavChunk, wavFormat } from "../../../test/support/wav-chunks.ts";
import { isPlaceholderLength, isRefusal, WavHeaderReader } from "./wav-header.ts";
import type { WavHeader, WavRefusal } from "./wav-header.ts";

const read = (bytes: Uint8Array): WavHeader | WavRefusal => {
  const reader = new WavHeaderReader();
  return reader.push(bytes) ?? reader.end();
};
const reasonOf = (bytes: Uint8Array): string => {
  const result = read(bytes);
  return isRefusal(result) ? result.refused : `accepted: ${JSON.stringify(result)}`;
};

const fmt = wavChunk("fmt ", wavFormat());
const data = wavChunk("data", Buffer.from([1, 2, 3, 4]));
const odd = Buffer.from("odd");

test.each<[string, Buffer[], number]>([
  ["nothing else", [fmt, data], 44],
  ["LIST before", [fmt, wavChunk("LIST", Buffer.from("INFO")), data], 56],
  ["JUNK before the format", [wavChunk("JUNK", Buffer.alloc(28)), fmt, data], 80],
  ["bext of 602 bytes", [wavChunk("bext", Buffer.alloc(602)), fmt, data], 654],
  ["an odd chunk, padded", [fmt, wavChunk("id3 ", odd), data], 56],
  ["an odd chunk, padded by a letter", [fmt, wavChunk("id3 ", odd, { pad: "x" }), data], 56],
  ["an odd chunk, not padded", [fmt, wavChunk("id3 ", odd, { pad: "" }), data], 55],
  [
    "two odd chunks, not padded",
    [wavChunk("LIST", odd, { pad: "" }), wavChunk("fact", odd, { pad: "" }), fmt, data],
    66,
  ],
  [
    "an odd chunk nobody knows, not padded, before another",
    [wavChunk("abcd", odd, { pad: "" }), wavChunk("wxyz", odd), fmt, data],
    67,
  ],
  [
    "an empty ds64 behind an odd chunk, not padded",
    [wavChunk("LIST", odd, { pad: "" }), wavChunk("ds64", Buffer.alloc(0)), fmt, data],
    63,
  ],
  ["an empty chunk", [fmt, wavChunk("PAD ", Buffer.alloc(0)), data], 52],
  [
    "cue and markers after",
    [fmt, data, wavChunk("cue ", Buffer.alloc(28)), wavChunk("LIST", Buffer.from("adtl"))],
    44,
  ],
  ["a format of 18 bytes", [wavChunk("fmt ", Buffer.concat([wavFormat(), Buffer.alloc(2)])), data], 46],
  ["a format of odd length", [wavChunk("fmt ", Buffer.concat([wavFormat(), Buffer.alloc(1)])), data], 46],
  ["a format of 100 bytes", [wavChunk("fmt ", Buffer.concat([wavFormat(), Buffer.alloc(84)])), data], 128],
])("finds the audio with %s", (_, chunks, dataAt) => {
  expect(read(riffFile(chunks))).toEqual({
    format: { coding: "PCM", sampleRateHz: 16_000, channels: 1, bits: 16 },
    dataAt,
    declaredBytes: 4,
  });
});

test.each<[Parameters<typeof wavFormat>[0], object]>([
  [{ bits: 8 }, { coding: "PCM", bits: 8 }],
  [
    { bits: 12, blockAlign: 2 },
    { coding: "PCM", bits: 16 },
  ],
  [
    { bits: 20, blockAlign: 3 },
    { coding: "PCM", bits: 24 },
  ],
  [{ bits: 24 }, { coding: "PCM", bits: 24 }],
  [{ bits: 32 }, { coding: "PCM", bits: 32 }],
  [
    { tag: FLOAT, bits: 32 },
    { coding: "float", bits: 32 },
  ],
  [
    { tag: FLOAT, bits: 64 },
    { coding: "float", bits: 64 },
  ],
  [
    { tag: MU_LAW, bits: 8 },
    { coding: "mu-law", bits: 8 },
  ],
  [
    { tag: 6, bits: 8 },
    { coding: "A-law", bits: 8 },
  ],
  [{ subFormat: PCM }, { coding: "PCM", bits: 16 }],
  [
    { subFormat: FLOAT, bits: 32 },
    { coding: "float", bits: 32 },
  ],
  [
    { subFormat: MU_LAW, bits: 8 },
    { coding: "mu-law", bits: 8 },
  ],
  [
    { subFormat: PCM, bits: 32, validBits: 24 },
    { coding: "PCM", bits: 32 },
  ],
  [
    { subFormat: PCM, bits: 24, validBits: 20 },
    { coding: "PCM", bits: 24 },
  ],
  [
    { subFormat: PCM, bits: 16, validBits: 0 },
    { coding: "PCM", bits: 16 },
  ],
  [
    { channels: 6, rate: 192_000 },
    { channels: 6, sampleRateHz: 192_000 },
  ],
])("reads the format %j", (format, expected) => {
  expect(read(riffFile([wavChunk("fmt ", wavFormat(format)), data]))).toMatchObject({ format: expected });
});

test.each<[Parameters<typeof wavFormat>[0], RegExp]>([
  [{ tag: 0x00ff }, /not supported: AAC, format tag 0x00ff/],
  [{ tag: 0x0055 }, /not supported: MP3, format tag 0x0055/],
  [{ tag: 2, bits: 4 }, /not supported: Microsoft ADPCM, format tag 0x0002/],
  [{ tag: 0x11, bits: 4 }, /not supported: IMA ADPCM/],
  [{ tag: 0x31, bits: 0 }, /not supported: GSM 6\.10/],
  [{ tag: 0x1234 }, /not supported: format tag 0x1234/],
  [{ tag: 0 }, /not supported: format tag 0x0000/],
  [{ subFormat: 0x55 }, /not supported: MP3, format tag 0x0055/],
  [{ subFormat: 0xfffe }, /not supported: format tag 0xfffe/],
  [
    { guid: "0100000021 07d3118644c8c1ca000000".replace(" ", "") },
    /sub-format 00000001-0721-11d3-8644-c8c1ca000000/,
  ],
  [{ guid: "0100010000001000800000aa00389b71" }, /sub-format 00010001-0000-0010-8000-00aa00389b71/],
  [{ tag: 0xfffe }, /EXTENSIBLE without a sub-format/],
  [{ subFormat: PCM, bits: 16, validBits: 24 }, /24 valid bits in a sample of 16/],
  [{ channels: 0, blockAlign: 2 }, /0 channels/],
  [{ bits: 0, blockAlign: 2 }, /not supported: 0-bit PCM/],
  [{ bits: 4, blockAlign: 1 }, /not supported: 4-bit PCM/],
  [{ bits: 64 }, /not supported: 64-bit PCM/],
  [{ tag: FLOAT, bits: 16 }, /not supported: 16-bit float/],
  [{ tag: FLOAT, bits: 31, blockAlign: 4 }, /not supported: 31-bit float/],
  [{ tag: MU_LAW, bits: 16 }, /not supported: 16-bit mu-law/],
  [{ blockAlign: 0 }, /0 bytes a block do not hold 1 channel of 16 bits/],
  [{ blockAlign: 4 }, /4 bytes a block/],
  [{ bits: 24, blockAlign: 4 }, /not supported: 24 bits in 4 bytes without the EXTENSIBLE format/],
  [{ bits: 24, blockAlign: 5 }, /5 bytes a block do not hold 1 channel of 24 bits/],
])("refuses the format %j", (format, reason) => {
  expect(reasonOf(riffFile([wavChunk("fmt ", wavFormat(format)), data]))).toMatch(reason);
});

test.each<[string, Buffer, RegExp]>([
  ["an empty file", Buffer.alloc(0), /the file is empty/],
  ["RIFX", riffFile([fmt, data], { magic: "RIFX" }), /a big-endian RIFX file, not a WAV file/],
  ["a RIFF of something else", riffFile([fmt, data], { form: "AVI " }), /a RIFF file of AVI/],
  ["AIFF", Buffer.from("FORM\0\0\0\0AIFFCOMM"), /^AIFF/],
  ["a git-lfs pointer", Buffer.from("version https://git-lfs.github.com/spec/v1\noid"), /`git lfs pull`/],
  ["FLAC", Buffer.from("fLaC\0\0\0\x22aaaaaaa"), /^FLAC/],
  ["Ogg", Buffer.from("OggS\0\x02\0\0\0\0\0\0"), /^Ogg/],
  ["MP3 with a tag", Buffer.from("ID3\x04\0\0\0\0\0\0\0\0"), /^MP3/],
  ["MP3", Buffer.from([0xff, 0xfb, 0x90, 0x64, 0, 0, 0, 0, 0, 0, 0, 0]), /^MP3/],
  ["AAC", Buffer.from([0xff, 0xf1, 0x50, 0x80, 0, 0, 0, 0, 0, 0, 0, 0]), /^AAC/],
  ["M4A", Buffer.from("\0\0\0\x20ftypM4A "), /^MP4/],
  ["W64", Buffer.from("riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", "latin1"), /Wave64/],
  ["WebM", Buffer.from("\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\0", "latin1"), /WebM/],
  ["a text", Buffer.from("<html><body>not found"), /not a WAV file/],
  ["a header without format", riffFile([data]), /no format \(`fmt `\) before its audio/],
  ["two formats", riffFile([fmt, fmt, data]), /two formats/],
  ["no audio", riffFile([fmt]), /ends before the audio/],
  ["only the first twelve bytes", riffFile([]), /ends before its format/],
  ["a format of no bytes", riffFile([wavChunk("fmt ", Buffer.alloc(0)), data]), /holds 0 bytes, at least 16/],
  ["a format of 14 bytes", riffFile([wavChunk("fmt ", wavFormat().subarray(0, 14)), data]), /holds 14 bytes/],
  ["a format of 4 GB", riffFile([wavChunk("fmt ", wavFormat(), { size: 0xffffffff }), data]), /ends before/],
  [
    "garbage between chunks",
    riffFile([fmt, Buffer.from("\x01\x02\x03\x04\0\0\0\0"), data]),
    /no chunk begins at byte 36/,
  ],
])("refuses %s by name", (_, bytes, reason) => {
  expect(reasonOf(bytes)).toMatch(reason);
});

// What is written where the length can't be known; the lengths of a true 1.9 GB file and of one just above 2 GiB are none.
test.each([
  [0xffffffff, true],
  [0xffffffff - 36, true],
  [0xffffffff - 44, true],
  [0xfffff000, true],
  [0x7fffffff, true],
  [0x7fffffff - 36, true],
  [0x7ffff000, true],
  [0x7ffff000 - 2, true],
  [0x80000000, true],
  [0x80000001, false],
  [0x7ffeffff, false],
  [1_900_000_000, false],
  [16_000, false],
  [0, false],
])("length 0x%d stands for an unknown one: %s", (bytes, expected) => {
  expect(isPlaceholderLength(bytes)).toBe(expected);
  const header = read(riffFile([fmt, wavChunk("data", Buffer.from([1, 2]), { size: bytes })]));
  expect((header as WavHeader).declaredBytes).toBe(expected ? undefined : bytes);
});

test.each([
  [0, undefined],
  [36, undefined],
  [0xffffffff, undefined],
  [0x7ffff024, undefined],
  [36 + 12, 0],
])("a length of 0 in a file that declares %d bytes means %s", (riffBytes, expected) => {
  const file = riffFile([fmt, wavChunk("data", Buffer.alloc(0)), wavChunk("LIST", Buffer.from("INFO"))], {
    riffBytes,
  });
  expect((read(file) as WavHeader).declaredBytes).toBe(expected);
});

test.each(["RF64", "BW64"])("%s takes its length from ds64", (magic) => {
  const ds64 = Buffer.alloc(28);
  ds64.writeBigUInt64LE(4n, 8);
  const long = wavChunk("data", Buffer.from([1, 2, 3, 4]), { size: 0xffffffff });
  const file = riffFile([wavChunk("ds64", ds64), fmt, long], { magic, riffBytes: 0xffffffff });
  expect(read(file)).toMatchObject({ dataAt: 80, declaredBytes: 4 });
  ds64.writeBigUInt64LE(2n ** 64n - 1n, 8);
  const streamed = riffFile([wavChunk("ds64", ds64), fmt, long], { magic, riffBytes: 0xffffffff });
  expect(read(streamed)).toMatchObject({ dataAt: 80, declaredBytes: undefined });
});

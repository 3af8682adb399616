import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeWav } from "../src/base/audio/audio.ts";
import { loadDataset } from "../src/base/dataset/dataset.ts";
import { BenchError } from "../src/base/errors.ts";
import { WavInput } from "../src/gateway/dialects/wav-header.ts";
import { runBench } from "./support/fake-world.ts";
import { toneBetweenSilence } from "./support/wav.ts";
import type { FormatOptions } from "./support/wav-chunks.ts";
import { FLOAT, PCM, riffFile, wavChunk, wavFormat } from "./support/wav-chunks.ts";

/** Every file of this table meets all readers: `transcribe`, datasets (so `run` and `check`), and the gateway. */

const TONE = toneBetweenSilence(100, 300, 100);
const SAMPLES = Array.from({ length: TONE.length / 2 }, (_, index) => TONE.readInt16LE(index * 2));

function stored(bytesEach: number, write: (to: Buffer, at: number, sample: number) => void): Buffer {
  const bytes = Buffer.alloc(SAMPLES.length * bytesEach);
  for (const [index, sample] of SAMPLES.entries()) write(bytes, index * bytesEach, sample);
  return bytes;
}

const BODIES = {
  pcm8: stored(1, (to, at, sample) => to.writeUInt8((sample >> 8) + 128, at)),
  pcm16: TONE,
  pcm24: stored(3, (to, at, sample) => to.writeIntLE(sample * 256, at, 3)),
  pcm32: stored(4, (to, at, sample) => to.writeInt32LE(sample * 65_536, at)),
  float32: stored(4, (to, at, sample) => to.writeFloatLE(sample / 32_768, at)),
  float64: stored(8, (to, at, sample) => to.writeDoubleLE(sample / 32_768, at)),
};

const fmt = (options: FormatOptions = {}): Buffer => wavChunk("fmt ", wavFormat(options));
const data = (body: Buffer = TONE, size = body.length): Buffer => wavChunk("data", body, { size });
const file = (options: FormatOptions, body: Buffer): Buffer => riffFile([fmt(options), data(body)]);
const text = (length: number): Buffer => Buffer.from("x".repeat(length));
const ds64 = Buffer.alloc(28);
ds64.writeBigUInt64LE(BigInt(TONE.length), 8);

/** Files that are read; `step` is how far a sample may be off. */
const GOOD: [name: string, bytes: Buffer, step?: number][] = [
  ["pcm8", file({ bits: 8 }, BODIES.pcm8), 256],
  ["pcm16", file({}, BODIES.pcm16)],
  ["pcm24", file({ bits: 24 }, BODIES.pcm24), 1],
  ["pcm32", file({ bits: 32 }, BODIES.pcm32), 1],
  ["float32", file({ tag: FLOAT, bits: 32 }, BODIES.float32), 1],
  ["float64", file({ tag: FLOAT, bits: 64 }, BODIES.float64), 1],
  ["12 bits in 16", file({ bits: 12, blockAlign: 2 }, BODIES.pcm16)],
  ["20 bits in 24", file({ bits: 20, blockAlign: 3 }, BODIES.pcm24), 1],
  ["extensible pcm16", file({ subFormat: PCM }, BODIES.pcm16)],
  ["extensible pcm24", file({ subFormat: PCM, bits: 24 }, BODIES.pcm24), 1],
  ["extensible 24 in 32", file({ subFormat: PCM, bits: 32, validBits: 24 }, BODIES.pcm32), 1],
  ["extensible float32", file({ subFormat: FLOAT, bits: 32 }, BODIES.float32), 1],
  ["extensible float64", file({ subFormat: FLOAT, bits: 64 }, BODIES.float64), 1],
  ["ffmpeg pipe", riffFile([fmt(), data(TONE, 0xffffffff)], { riffBytes: 0xffffffff })],
  ["sox pipe", riffFile([fmt(), data(TONE, 0x7ffff000)], { riffBytes: 0x7ffff024 })],
  ["sox pipe of 24 bits", riffFile([fmt({ bits: 24 }), data(BODIES.pcm24, 0x7fffefff)]), 1],
  ["arecord pipe", riffFile([fmt(), data(TONE, 0x80000000)], { riffBytes: 0x80000024 })],
  ["less the header", riffFile([fmt(), data(TONE, 0x7fffffff - 36)], { riffBytes: 0x7fffffff })],
  ["less the header, unsigned", riffFile([fmt(), data(TONE, 0xffffffff - 36)], { riffBytes: 0xffffffff })],
  ["lengths of 0", riffFile([fmt(), data(TONE, 0)], { riffBytes: 0 })],
  ["header of an empty file", riffFile([fmt(), data(TONE, 0)], { riffBytes: 36 })],
  ["wrong file length", riffFile([fmt(), data()], { riffBytes: 7 })],
  ["LIST before", riffFile([fmt(), wavChunk("LIST", text(26)), data()])],
  ["odd LIST before, padded", riffFile([fmt(), wavChunk("LIST", text(25)), data()])],
  ["odd LIST before, not padded", riffFile([fmt(), wavChunk("LIST", text(25), { pad: "" }), data()])],
  ["odd id3 first, not padded", riffFile([wavChunk("id3 ", text(7), { pad: "" }), fmt(), data()])],
  ["JUNK of 28 first", riffFile([wavChunk("JUNK", Buffer.alloc(28)), fmt(), data()])],
  [
    "bext, fact and iXML",
    riffFile([
      wavChunk("bext", Buffer.alloc(603)),
      fmt(),
      wavChunk("fact", text(4)),
      wavChunk("iXML", text(99)),
      data(),
    ]),
  ],
  ["markers after", riffFile([fmt(), data(), wavChunk("cue ", text(28)), wavChunk("LIST", text(61))])],
  ["a cut marker after", riffFile([fmt(), data(), wavChunk("cue ", text(3), { size: 1000 })])],
  ["garbage after", riffFile([fmt(), data(), text(101)])],
  ["format of 18", riffFile([wavChunk("fmt ", Buffer.concat([wavFormat(), Buffer.alloc(2)])), data()])],
  [
    "RF64",
    riffFile([wavChunk("ds64", ds64), fmt(), data(TONE, 0xffffffff)], {
      magic: "RF64",
      riffBytes: 0xffffffff,
    }),
  ],
  [
    "BW64",
    riffFile([wavChunk("ds64", ds64), fmt(), data(TONE, 0xffffffff)], {
      magic: "BW64",
      riffBytes: 0xffffffff,
    }),
  ],
];

/** Files that are refused, and why. The gateway can't tell those that only their end gives away. */
const BAD: [name: string, bytes: Buffer, reason: RegExp, onlyFiles?: true][] = [
  ["AAC", file({ tag: 0xff }, TONE), /coding is not supported: AAC/],
  ["MP3", file({ tag: 0x55, bits: 0 }, TONE), /coding is not supported: MP3/],
  ["IMA ADPCM", file({ tag: 0x11, bits: 4, blockAlign: 256 }, TONE), /coding is not supported: IMA ADPCM/],
  ["GSM", file({ tag: 0x31, bits: 0, blockAlign: 65 }, TONE), /coding is not supported: GSM/],
  ["an unknown GUID", file({ guid: "0100000099990010800000aa00389b71" }, TONE), /sub-format 00000001-9999/],
  ["stereo", file({ channels: 2 }, TONE), /2 channels/],
  ["no channels", file({ channels: 0, blockAlign: 2 }, TONE), /0 channels/],
  ["0 Hz", file({ rate: 0 }, TONE), / 0 Hz/],
  ["1 Hz", file({ rate: 1 }, TONE), / 1 Hz/],
  ["4 GHz", file({ rate: 0xffffffff }, TONE), /4294967295 Hz/],
  ["0 bits", file({ bits: 0, blockAlign: 2 }, TONE), /0-bit PCM/],
  ["a block of nothing", file({ blockAlign: 0 }, TONE), /0 bytes a block/],
  ["an empty format", riffFile([wavChunk("fmt ", Buffer.alloc(0)), data()]), /holds 0 bytes/],
  ["a cut format", riffFile([wavChunk("fmt ", wavFormat().subarray(0, 14)), data()]), /holds 14 bytes/],
  ["audio before its format", riffFile([data(), fmt()]), /no format/],
  ["no audio chunk", riffFile([fmt(), wavChunk("LIST", text(4))]), /ends before the audio/],
  ["only RIFF", Buffer.from("RIFF"), /not a WAV|WAV header/],
  ["NaN", file({ tag: FLOAT, bits: 32 }, Buffer.from(Float32Array.of(NaN).buffer)), /is NaN/],
  [
    "unscaled float",
    file({ tag: FLOAT, bits: 32 }, Buffer.from(Float32Array.of(9000).buffer)),
    /not scaled to \+-1/,
  ],
  ["RIFX", riffFile([fmt(), data()], { magic: "RIFX" }), /big-endian/],
  ["AVI", riffFile([fmt(), data()], { form: "AVI " }), /RIFF file of AVI/],
  ["FLAC named WAV", Buffer.from("fLaC\0\0\0\x22\x10\0\x10\0"), /FLAC/],
  [
    "truncated",
    riffFile([fmt(), data(TONE, 64_000)]),
    /truncated.*declares 64000 bytes.*16000 are present/,
    true,
  ],
  ["1.9 GB of which 16 kB came", riffFile([fmt(), data(TONE, 1_900_000_000)]), /truncated/, true],
  ["empty", riffFile([fmt(), data(Buffer.alloc(0))]), /no audio/, true],
  [
    "empty before LIST",
    riffFile([fmt(), data(Buffer.alloc(0)), wavChunk("LIST", text(4))]),
    /no audio/,
    true,
  ],
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-wav-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function asDataset(bytes: Buffer): Promise<ReturnType<typeof loadDataset>> {
  await writeFile(join(folder, "a.wav"), bytes);
  await writeFile(join(folder, "manifest.jsonl"), '{"file":"a.wav"}');
  return loadDataset(folder);
}

/** What the gateway makes of a file that comes in pieces. */
function throughGateway(bytes: Buffer, pieceBytes: number): Buffer | string {
  const input = new WavInput();
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const samples = input.push(bytes.subarray(at, at + pieceBytes));
    if (typeof samples === "string") return samples;
    parts.push(samples);
  }
  return input.unreadHeader() ?? Buffer.concat(parts);
}

test.each<[string, Buffer, number?]>(GOOD)(
  "%s: the same samples, rate and length by every way",
  async (_, bytes, step = 0) => {
    const { pcm, sampleRateHz, durationMs } = decodeWav(bytes, "a.wav");
    expect([sampleRateHz, durationMs]).toEqual([16_000, 500]);
    const samples = Buffer.from(pcm);
    for (const [index, sample] of SAMPLES.entries()) {
      const off = Math.abs(samples.readInt16LE(index * 2) - sample);
      if (off > step) throw new Error(`sample ${index} is off by ${off}`);
    }
    const [clip] = (await asDataset(bytes)).clips;
    expect(clip).toMatchObject({ sampleRateHz, audioMs: 500 });
    expect(samples.equals(clip?.pcm ?? Buffer.alloc(0))).toBe(true);
    for (const piece of [1, 7, 3200, bytes.length]) {
      const heard = throughGateway(bytes, piece);
      expect(typeof heard === "string" ? heard : heard.equals(samples)).toBe(true);
    }
  },
);

test.each<[string, Buffer, RegExp, true?]>(BAD)(
  "%s: refused by every way",
  async (_, bytes, reason, onlyFiles) => {
    const error: unknown = await asDataset(bytes).catch((thrown: unknown) => thrown);
    if (!(error instanceof BenchError)) throw new Error("the dataset was read");
    expect([error.exitCode, error.message]).toEqual([2, expect.stringMatching(reason)]);
    expect(() => decodeWav(bytes, join(folder, "a.wav"))).toThrow(error.message);
    if (onlyFiles === true) return;
    for (const piece of [1, 7, 3200, bytes.length || 1])
      expect(throughGateway(bytes, piece)).toEqual(expect.stringMatching(reason));
  },
);

test("transcribe refuses before any traffic what the dataset refuses, with exit code 2", async () => {
  for (const [, bytes, reason] of BAD) {
    if (bytes.toString("latin1", 0, 4) === "fLaC") continue; // goes to HTTP as it is
    await writeFile(join(folder, "t.wav"), bytes);
    const { err, exitCode } = await runBench(["transcribe", "t.wav", "--target", "grpc://127.0.0.1:1"], {
      cwd: folder,
    });
    expect([exitCode, err]).toEqual([2, expect.stringMatching(reason)]);
  }
});

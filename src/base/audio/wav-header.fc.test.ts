import fc from "fast-check";
import { expect, test } from "vitest";
import type { FormatOptions } from "../../../test/support/wav-chunks.ts";
import { riffFile, wavChunk, wavFormat } from "../../../test/support/wav-chunks.ts";
import { WavInput } from "../../gateway/dialects/wav-header.ts";
import { waveHeader } from "../../emulator/audio/wave-header.ts";
import { Rejection } from "../../emulator/call/rejection.ts";
import { decodeWav } from "./audio.ts";
import { BenchError } from "../errors.ts";
import type { WavHeader, WavRefusal } from "./wav-header.ts";
import { WavHeaderReader } from "./wav-header.ts";

const length = fc.oneof(
  fc.constantFrom(0, 1, 2, 15, 16, 17, 0x7ffff000, 0x7fffffff, 0x80000000, 0xffffffdb, 0xffffffff),
  fc.nat(200),
  fc.nat(0xffffffff),
);
const word = fc.constantFrom(0, 1, 2, 3, 4, 6, 7, 8, 12, 16, 20, 24, 32, 64, 0x55, 0xff, 0xfffe, 0xffff);

/** Formats that are mostly right, with a number or two exchanged. */
const format: fc.Arbitrary<Buffer> = fc
  .record(
    {
      tag: word,
      subFormat: word,
      bits: fc.oneof(fc.constantFrom(8, 16, 24, 32, 64), word),
      channels: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: word }),
      rate: fc.oneof(fc.constantFrom(8000, 16_000, 44_100, 48_000, 96_000), fc.nat(0xffffffff)),
      blockAlign: word,
      validBits: word,
    },
    { requiredKeys: [] },
  )
  .map((options) => wavFormat({ ...options, blockAlign: options.blockAlign ?? alignOf(options) }));

function alignOf({ channels = 1, bits = 16 }: Partial<FormatOptions>): number {
  return Math.min(0xffff, channels * Math.ceil(bits / 8));
}

const body = fc.uint8Array({ maxLength: 120 });
const chunk = fc.oneof(
  { weight: 3, arbitrary: format.map((bytes) => wavChunk("fmt ", bytes)) },
  {
    weight: 2,
    arbitrary: fc.tuple(body, fc.option(length)).map(([bytes, size]) => {
      return wavChunk("data", bytes, size === null ? {} : { size });
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom("LIST", "JUNK", "bext", "cue ", "ds64", "id3 ", "abcd", "\0\0\0\0"),
        body,
        fc.option(length),
      )
      .map(([id, bytes, size]) => wavChunk(id, bytes, { ...(size === null ? {} : { size }), pad: "" })),
  },
  { weight: 1, arbitrary: body.map((bytes) => Buffer.from(bytes)) },
);

const grammar = fc
  .tuple(
    fc.array(chunk, { maxLength: 5 }),
    format.map((bytes) => wavChunk("fmt ", bytes)),
    body,
    fc.boolean(),
    fc.record(
      { magic: fc.constantFrom("RIFF", "RIFF", "RF64", "BW64", "RIFX"), riffBytes: length },
      { requiredKeys: [] },
    ),
  )
  .map(([chunks, fmt, bytes, usual, options]) =>
    riffFile(
      usual ? [...chunks.slice(0, 2), fmt, wavChunk("data", bytes), ...chunks.slice(2)] : chunks,
      options,
    ),
  );

/** Bytes as WAV: random ones, whole headers with mutated sizes, and such files cut short. */
const anyBytes: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 4, arbitrary: grammar },
  { weight: 1, arbitrary: fc.tuple(grammar, fc.nat(300)).map(([bytes, cut]) => bytes.subarray(0, cut)) },
);
const cuts = fc.array(fc.nat(20), { minLength: 1, maxLength: 20 });

/** `bytes` in pieces of these lengths, over and over, empty ones too. */
function pieces(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = (lengths[turn % lengths.length] ?? 0) + (turn % lengths.length === 0 ? 1 : 0);
    all.push(bytes.subarray(at, at + length));
    at += length;
  }
  return all;
}

function inPieces(all: readonly Buffer[]): WavHeader | WavRefusal {
  const reader = new WavHeaderReader();
  for (const piece of all) reader.push(piece);
  return reader.end();
}

const RUNS = { numRuns: 3000 };

test("a header reads the same whole and in pieces, and lies within the file", () => {
  fc.assert(
    fc.property(anyBytes, cuts, (bytes, lengths) => {
      const reader = new WavHeaderReader();
      const whole = reader.push(bytes) ?? reader.end();
      expect(inPieces(pieces(bytes, lengths))).toEqual(whole);
      if ("dataAt" in whole) expect(whole.dataAt).toBeLessThanOrEqual(bytes.length);
    }),
    RUNS,
  );
});

test("a file is samples that fit header and file, or an error with exit code 2", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const decoded = decodedOf(bytes);
      if (decoded === undefined) return;
      const reader = new WavHeaderReader();
      const { dataAt, declaredBytes, format } = reader.push(bytes) as WavHeader;
      const audioBytes = Math.floor((declaredBytes ?? bytes.length - dataAt) / (format.bits / 8));
      expect(decoded.pcm).toHaveLength(audioBytes * 2);
      expect(decoded.pcm.length).toBeGreaterThan(0);
      expect(decoded.pcm.length).toBeLessThanOrEqual(2 * bytes.length);
      expect(decoded.sampleRateHz).toBe(format.sampleRateHz);
    }),
    RUNS,
  );
});

test("the gateway gives the samples of the file, however it is cut, or refuses it", () => {
  fc.assert(
    fc.property(anyBytes, cuts, (bytes, lengths) => {
      const input = new WavInput();
      const samples = pieces(bytes, lengths).map((piece) => input.push(piece));
      const refusal = samples.find((part) => typeof part === "string") ?? input.unreadHeader();
      const decoded = decodedOf(bytes);
      if (decoded !== undefined && decoded.sampleRateHz <= 48_000) {
        expect(refusal).toBeUndefined();
        expect(Buffer.concat(samples as Buffer[]).equals(decoded.pcm)).toBe(true);
      }
      if (refusal === undefined && input.sampleRateHz !== undefined)
        expect(input.sampleRateHz >= 8000 && input.sampleRateHz <= 48_000).toBe(true);
    }),
    RUNS,
  );
});

test("the emulator reads the header that the file has, or rejects it", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const reader = new WavHeaderReader(65_536);
      const header = reader.push(bytes);
      let own: ReturnType<typeof waveHeader>;
      try {
        own = waveHeader(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Rejection);
        expect(header).toMatchObject({ notWav: false });
        return;
      }
      expect(own).toEqual(header === undefined ? "incomplete" : "refused" in header ? undefined : header);
    }),
    RUNS,
  );
});

function decodedOf(bytes: Buffer): ReturnType<typeof decodeWav> | undefined {
  try {
    return decodeWav(bytes, "any.wav");
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    expect(error.exitCode).toBe(2);
    expect(error.message).toMatch(/^any\.wav: /);
    return undefined;
  }
}

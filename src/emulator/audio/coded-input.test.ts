/** FLAC and Ogg Opus as real streams bring them, and what is refused. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import { rivaServices } from "../../base/riva-proto.ts";
import { loadDataset } from "../../base/dataset/dataset.ts";
import { chunkEncoder } from "../../loadgen/audio/encoded-audio.ts";
import { oggPage } from "../../../test/support/ogg.ts";
import { AudioInput } from "./audio-input.ts";
import { FingerprintIndex } from "../recognizer/fingerprint.ts";
import { Rejection } from "../call/rejection.ts";
import { Transcriber } from "../recognizer/transcriber.ts";

const { clips } = await loadDataset("default");
const RATE_HZ = 16_000;
const CHUNK = 1600;
const samples = samplesOf(clips.find(({ id }) => id === "ps-goforward")!).subarray(0, 2.5 * RATE_HZ - 137);
const flac = await encoded("FLAC");
const opus = await encoded("OGGOPUS");

function samplesOf({ pcm }: { pcm: Uint8Array }): Int16Array {
  return new Int16Array(Uint8Array.from(pcm).buffer);
}

async function encoded(encoding: "FLAC" | "OGGOPUS", audio = samples): Promise<Buffer[]> {
  return (await chunkEncoder(encoding))(audio, RATE_HZ, CHUNK).map((chunk) => Buffer.from(chunk));
}

async function inputFor(fields: Partial<RecognitionConfig>): Promise<AudioInput> {
  const { requestSerialize, requestDeserialize } = rivaServices().asr.Recognize;
  const input = new AudioInput(requestDeserialize(requestSerialize({ config: fields })).config!);
  await input.loading;
  return input;
}

/** The samples that each piece brings. */
function heard(input: AudioInput, pieces: readonly Buffer[]): Int16Array[] {
  return pieces.map((piece) => input.push(piece));
}

function flat(parts: readonly Int16Array[]): Int16Array {
  return Int16Array.from(parts.flatMap((part) => [...part]));
}

function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

/** A copy of `bytes` with one byte changed. */
function damaged(bytes: Buffer, at: number, change: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ change, at);
  return copy;
}

// opus-decoder would tell the console of each broken packet.
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));
afterEach(() => {
  expect(console.error).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

describe("FLAC", () => {
  it("comes out exactly, each chunk as soon as it is there", async () => {
    const input = await inputFor({ encoding: "FLAC", sample_rate_hertz: RATE_HZ, audio_channel_count: 1 });
    const parts = heard(input, flac);
    expect(parts.map(({ length }) => length)).toEqual([...Array<number>(24).fill(CHUNK), CHUNK - 137]);
    expect(flat(parts)).toEqual(samples);
    expect(input.sampleRateHz).toBe(RATE_HZ);
  });

  it.each([1, 7, 1000, 1_000_000])("is put together from messages of %i bytes", async (size) => {
    const input = await inputFor({ encoding: "FLAC" });
    expect(flat(heard(input, cut(Buffer.concat(flac), size)))).toEqual(samples);
  });

  it("may have metadata of any length before it", async () => {
    const whole = Buffer.concat(flac);
    // "fLaC" and STREAMINFO; then a block of padding, and the comments that our encoder writes.
    const padding = Buffer.alloc(4 + 300_000);
    padding.writeUInt32BE(0x01000000 + 300_000);
    const input = await inputFor({ encoding: "FLAC" });
    const bytes = Buffer.concat([whole.subarray(0, 42), padding, whole.subarray(42)]);
    expect(flat(heard(input, cut(bytes, 4096)))).toEqual(samples);
  });

  const head = flac[0]!.subarray(0, 42);
  it.each([
    ["another rate than announced", { sample_rate_hertz: 8000 }, flac[0]!, "config format doesn't match"],
    ["another encoding than announced", { encoding: "MULAW" }, flac[0]!, "config format doesn't match"],
    ["samples where FLAC was announced", {}, Buffer.alloc(3200), "config format doesn't match"],
    ["Ogg where FLAC was announced", {}, opus[0]!, "config format doesn't match"],
    ["two channels", {}, damaged(head, 20, 0x02), "Only mono audio supported."],
    ["8 bits a sample", {}, damaged(head, 21, 0x80), "FLAC of 8 bits a sample is not supported"],
    ["another block first", {}, damaged(head, 4, 0x04), "it does not begin with STREAMINFO"],
    ["something else than frames", {}, Buffer.concat([...flac, Buffer.from("TAG")]), "where one must"],
  ] as const)("is refused: %s", async (_, fields, bytes, message) => {
    const input = await inputFor({ encoding: "FLAC", ...fields });
    expect(() => input.push(bytes)).toThrow(message);
    expect(() => input.push(bytes)).toThrow(Rejection);
  });

  it("is refused as soon as a damaged frame must have ended", async () => {
    const input = await inputFor({ encoding: "FLAC" });
    const bytes = damaged(Buffer.concat(flac), flac[0]!.length + 200, 0x10);
    expect(() => input.push(bytes)).toThrow("invalid FLAC audio: a frame's checksum is wrong");
  });
});

describe("Ogg Opus", () => {
  it("comes out as long as it was, each chunk but for the codec's look-ahead as soon as it is there", async () => {
    const input = await inputFor({ encoding: "OGGOPUS", sample_rate_hertz: RATE_HZ });
    const parts = heard(input, opus);
    const lookAhead = 0.0065 * RATE_HZ;
    const lengths = [CHUNK - lookAhead, ...Array<number>(23).fill(CHUNK), CHUNK - 137 + lookAhead];
    expect(parts.map(({ length }) => length)).toEqual(lengths);
    expect(input.sampleRateHz).toBe(RATE_HZ);
    const decoded = flat(parts);
    const near = correlation(samples, decoded, 0);
    expect(near).toBeGreaterThan(0.8);
    for (const lag of [-16, 16]) expect(correlation(samples, decoded, lag)).toBeLessThan(near);
  });

  it.each([1, 7, 1000, 1_000_000])("is put together from messages of %i bytes", async (size) => {
    const whole = flat(heard(await inputFor({ encoding: "OGGOPUS" }), opus));
    const input = await inputFor({ encoding: "OGGOPUS", sample_rate_hertz: 48_000 });
    expect(flat(heard(input, cut(Buffer.concat(opus), size)))).toEqual(whole);
  });

  const head = Buffer.from(opus[0]!.subarray(28, 47));
  const first = (fields: Buffer): Buffer => oggPage([fields], { flags: 2 });
  it.each([
    ["two channels", [first(damaged(head, 9, 0x03))], "Only mono audio supported."],
    ["another codec", [first(Buffer.from("\x7fFLAC"))], "Ogg that does not hold Opus is not supported"],
    ["a version to come", [first(damaged(head, 8, 0x10))], "its header is unknown"],
    ["half a header", [first(head.subarray(0, 12))], "its header is unknown"],
    ["no comments", [first(head), oggPage([head])], "the comment header is missing"],
    [
      "an empty packet",
      [first(head), oggPage([Buffer.from("OpusTags")]), oggPage([Buffer.alloc(0)])],
      "an empty packet",
    ],
    [
      "no Opus packet",
      // Two frames of equal length in an odd number of bytes.
      [first(head), oggPage([Buffer.from("OpusTags")]), oggPage([Buffer.from([0x09, 1, 2, 3])])],
      "OPUS_INVALID_PACKET",
    ],
    [
      "a packet longer than any",
      [first(head), oggPage([Buffer.from("OpusTags")]), oggPage([Buffer.alloc(4000, 8)])],
      "invalid OGGOPUS audio",
    ],
  ] as const)("is refused: %s", async (_, pages, message) => {
    const input = await inputFor({ encoding: "OGGOPUS" });
    const push = (): unknown => pages.map((page) => input.push(page));
    expect(push).toThrow(message);
    expect(push).toThrow(Rejection);
  });

  it("plays at the gain its header asks for", async () => {
    const quieter = Buffer.from(head);
    quieter.writeInt16LE(-6 * 256, 16);
    const rest = [opus[0]!.subarray(47), ...opus.slice(1)];
    const power = (audio: Int16Array): number => audio.reduce((sum, sample) => sum + sample * sample, 0);
    const asItWas = flat(heard(await inputFor({ encoding: "OGGOPUS" }), opus));
    const input = await inputFor({ encoding: "OGGOPUS" });
    const gained = flat(heard(input, [oggPage([quieter], { flags: 2, serial: 1 }), ...rest]));
    expect(10 * Math.log10(power(gained) / power(asItWas))).toBeCloseTo(-6, 1);
  });

  it("may be a part of a stream that had begun long before", async () => {
    // The same pages an hour later, but for the last one's trimming.
    const hour = 3600 * 48_000;
    const whole = await inputFor({ encoding: "OGGOPUS" });
    const late = await inputFor({ encoding: "OGGOPUS" });
    const later = (page: Buffer): Buffer => {
      const lacing = page.readUInt8(26);
      const packets: Buffer[] = [];
      for (let i = 0, at = 27 + lacing; i < lacing; i++) {
        const length = page.readUInt8(27 + i);
        packets.push(page.subarray(at, at + length));
        at += length;
      }
      return oggPage(packets, {
        serial: 1,
        flags: page.readUInt8(5),
        granule: Number(page.readBigInt64LE(6)) + hour,
      });
    };
    // Behind the two pages of headers.
    const firstAudio = opus[0]!.subarray(opus[0]!.lastIndexOf("OggS"));
    const headers = opus[0]!.subarray(0, opus[0]!.length - firstAudio.length);
    const moved = [headers, ...[firstAudio, ...opus.slice(1)].map(later)];
    expect(flat(heard(late, moved))).toEqual(flat(heard(whole, opus)));
  });
});

it.each([
  ["FLAC", flac],
  ["OGGOPUS", opus],
] as const)("%s is recognised when no encoding is announced", async (encoding, pieces) => {
  const announced = flat(heard(await inputFor({ encoding }), pieces));
  const input = await inputFor({});
  expect(input.push(pieces[0]!.subarray(0, 3))).toHaveLength(0);
  expect(input.loading).toBeUndefined();
  expect(input.push(pieces[0]!.subarray(3))).toHaveLength(0);
  await input.loading;
  expect(flat(heard(input, [Buffer.alloc(0), ...pieces.slice(1)]))).toEqual(announced);
});

it.each(["FLAC", "OGGOPUS"] as const)(
  "every clip is understood in %s, and as long as it is",
  async (encoding) => {
    const index = new FingerprintIndex(clips);
    for (const clip of clips) {
      const input = await inputFor({ encoding });
      const parts = heard(input, await encoded(encoding, samplesOf(clip)));
      const transcriber = new Transcriber({
        index,
        sampleRateHz: RATE_HZ,
        chunkMs: 160,
        interim: true,
        stopHistoryMs: Infinity,
      });
      const replies = [...parts.flatMap((part) => transcriber.push(part)), transcriber.finish()];
      // NVIDIA's response-count rule.
      expect(replies).toHaveLength(Math.floor(clip.audioMs / 160) + 1);
      const last = replies.map(({ listen }) => listen()).at(-1)!;
      expect(last.transcript).toBe(clip.words.map(({ word }) => word).join(" "));
      expect(last.audioProcessedMs).toBeCloseTo(clip.audioMs, 9);
    }
  },
  120_000,
);

/** Of two signals of one rate, `lag` samples of the former later. */
function correlation(reference: Int16Array, decoded: Int16Array, lag: number): number {
  let [xy, xx, yy] = [0, 0, 0];
  for (const [i, x] of reference.entries()) {
    const y = decoded[i + lag] ?? 0;
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  return xy / Math.sqrt(xx * yy);
}

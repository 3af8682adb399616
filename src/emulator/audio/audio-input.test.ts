import { describe, expect, it } from "vitest";
import { encodeG711 } from "../../base/audio/g711.ts";
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import { rivaServices } from "../../base/riva-proto.ts";
import { AudioInput } from "./audio-input.ts";
import { Rejection } from "../call/rejection.ts";

const samples = Int16Array.from({ length: 1000 }, (_, i) => Math.round(8000 * Math.sin(i * 0.1)));
const pcm = Buffer.from(samples.buffer);

function config(fields: Partial<RecognitionConfig>): RecognitionConfig {
  const { requestSerialize, requestDeserialize } = rivaServices().asr.Recognize;
  return requestDeserialize(requestSerialize({ config: fields })).config!;
}

interface WavFormat {
  tag?: number;
  channels?: number;
  rateHz?: number;
  bits?: number;
}

function wavHeader(
  { tag = 1, channels = 1, rateHz = 16_000, bits = 16 }: WavFormat,
  dataBytes: number,
): Buffer {
  const header = Buffer.alloc(56);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(48 + dataBytes, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(tag, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rateHz, 24);
  header.writeUInt32LE((rateHz * channels * bits) / 8, 28);
  header.writeUInt16LE((channels * bits) / 8, 32);
  header.writeUInt16LE(bits, 34);
  header.write("LIST", 36, "latin1"); // a chunk to be skipped, four bytes long
  header.writeUInt32LE(4, 40);
  header.write("data", 48, "latin1");
  header.writeUInt32LE(dataBytes, 52);
  return header;
}

/** What `input` makes of `bytes`, sent in pieces of `size`. */
function pushAll(input: AudioInput, bytes: Buffer, size: number): number[] {
  const all: number[] = [];
  for (let at = 0; at < bytes.length; at += size) all.push(...input.push(bytes.subarray(at, at + size)));
  return all;
}

describe("raw audio", () => {
  it.each([1, 3, 100, 4000])("is put together from messages of %i bytes", (size) => {
    const input = new AudioInput(config({ encoding: "LINEAR_PCM", sample_rate_hertz: 8000 }));
    expect(pushAll(input, pcm, size)).toEqual([...samples]);
    expect(input.sampleRateHz).toBe(8000);
  });

  it("is 16-bit PCM at the model's rate when nothing says otherwise", () => {
    const input = new AudioInput(config({}));
    expect(pushAll(input, pcm, 500)).toEqual([...samples]);
    expect(input.sampleRateHz).toBe(16_000);
  });

  it.each(["MULAW", "ALAW"] as const)("is expanded from %s", (law) => {
    const decoded = new AudioInput(config({ encoding: law })).push(Buffer.from(encodeG711(law, samples)));
    expect(Math.max(...samples.map((sample, i) => Math.abs(sample - decoded[i]!)))).toBeLessThan(260);
  });
});

describe("a WAV header", () => {
  const file = Buffer.concat([wavHeader({ rateHz: 22_050 }, pcm.length), pcm]);

  it.each([1, 7, 50, 4000])("is skipped and tells the format, in messages of %i bytes", (size) => {
    const input = new AudioInput(config({}));
    expect(pushAll(input, file, size)).toEqual([...samples]);
    expect(input.sampleRateHz).toBe(22_050);
  });

  it("may agree with the configuration", () => {
    const input = new AudioInput(
      config({ encoding: "LINEAR_PCM", sample_rate_hertz: 22_050, audio_channel_count: 1 }),
    );
    expect(pushAll(input, file, 4000)).toEqual([...samples]);
  });

  it.each([{ encoding: "MULAW" }, { sample_rate_hertz: 16_000 }] as const)(
    "may not contradict %o",
    (fields) => {
      expect(() => new AudioInput(config(fields)).push(file)).toThrow(
        new Rejection("Error: config format doesn't match with header format"),
      );
    },
  );

  it("tells of mu-law", () => {
    const input = new AudioInput(config({}));
    const coded = Buffer.from(encodeG711("MULAW", samples));
    expect(
      input.push(Buffer.concat([wavHeader({ tag: 7, bits: 8, rateHz: 8000 }, 1000), coded])),
    ).toHaveLength(1000);
    expect(input.sampleRateHz).toBe(8000);
  });

  it.each([{ bits: 24 }, { tag: 3, bits: 32 }])("with samples of another kind is refused: %o", (format) => {
    expect(() => new AudioInput(config({})).push(wavHeader(format, 0))).toThrow(/not supported/);
  });

  it("with two channels is refused", () => {
    expect(() => new AudioInput(config({})).push(wavHeader({ channels: 2 }, 0))).toThrow(
      "Only mono audio supported.",
    );
  });
});

describe("what is refused", () => {
  it.each([
    [{ audio_channel_count: 2 }, "Only mono audio supported."],
    [
      { sample_rate_hertz: 7999 },
      "sample_rate_hertz must be between 8000 and 96000, or 0 (model rate/WAV header).",
    ],
    [
      { sample_rate_hertz: 96_001 },
      "sample_rate_hertz must be between 8000 and 96000, or 0 (model rate/WAV header).",
    ],
    [
      { sample_rate_hertz: -1 },
      "sample_rate_hertz must be between 8000 and 96000, or 0 (model rate/WAV header).",
    ],
  ] as const)("%o", (fields, message) => {
    expect(() => new AudioInput(config(fields))).toThrow(new Rejection(message));
  });
});

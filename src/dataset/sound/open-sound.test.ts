import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { chunkEncoder } from "../../loadgen/audio/encoded-audio.ts";
import { flacFile, mp3File } from "../../../test/support/coded-audio.ts";
import { pcm16, toneBetweenSilence, wavFile } from "../../../test/support/wav.ts";
import { openSound } from "./open-sound.ts";
import { optionalPackage } from "./sound.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-sound-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** All samples of each channel of a file. */
async function heard(
  bytes: Uint8Array,
  part?: [from: number, to: number],
): Promise<{ rate: number; samples: number[][] }> {
  const path = join(folder, "sound");
  await writeFile(path, bytes);
  const sound = await openSound(path);
  const samples: number[][] = [];
  try {
    for (let channel = 0; channel < sound.channels; channel++) {
      const pcm = await sound.read(channel, ...(part ?? [0, sound.length]));
      samples.push([...new Int16Array(Uint8Array.from(pcm).buffer)]);
    }
  } finally {
    await sound.close();
  }
  return { rate: sound.sampleRateHz, samples };
}

const LEFT = [0, 1000, -1000, 32_767, -32_768, 7];
const RIGHT = [5, -5, 32_767, -32_768, 256, -256];
const interleaved = LEFT.flatMap((left, i) => [left, RIGHT[i] ?? 0]);

/** Stereo samples in `bits` bits, their upper 16 (or 8) those of the test. */
function stereo(bits: 8 | 16 | 24 | 32): Buffer {
  const bytes = bits / 8;
  const data = Buffer.alloc(interleaved.length * bytes);
  for (const [i, sample] of interleaved.entries()) {
    if (bits === 8) data.writeUInt8((sample >> 8) + 128, i);
    else data.writeInt16LE(sample, (i + 1) * bytes - 2);
  }
  return data;
}

describe("WAV", () => {
  it.each([16, 24, 32] as const)(
    "of two channels and %i bits is read exactly, each channel for itself",
    async (bits) => {
      const file = wavFile(stereo(bits), { sampleRateHz: 8000, channels: 2, bits });
      expect(await heard(file)).toEqual({ rate: 8000, samples: [LEFT, RIGHT] });
      expect(await heard(file, [2, 4])).toEqual({
        rate: 8000,
        samples: [LEFT.slice(2, 4), RIGHT.slice(2, 4)],
      });
    },
  );

  it("of 8 bits keeps the upper eight", async () => {
    const file = wavFile(stereo(8), { channels: 2, bits: 8 });
    const upper = (samples: number[]): number[] => samples.map((sample) => (sample >> 8) << 8);
    expect((await heard(file)).samples).toEqual([upper(LEFT), upper(RIGHT)]);
  });

  it.each([
    [
      "truncated",
      wavFile(pcm16(LEFT), { declaredBytes: 100 }),
      /truncated: its header declares 100 .* 12 are/,
    ],
    ["empty", wavFile(Buffer.alloc(0)), /holds no audio/],
    ["of a rate that nobody takes", wavFile(pcm16(LEFT), { sampleRateHz: 4000 }), /4000 Hz is outside 8000/],
    ["compressed", wavFile(pcm16(LEFT), { format: 2 }), /Microsoft ADPCM/],
    ["of NaN", wavFile(Buffer.from("0000c07f", "hex"), { format: 3, bits: 32 }), /not a finite number/],
  ])("%s is refused", async (_, bytes, message) => {
    await expect(heard(bytes)).rejects.toThrow(message);
  });
});

describe("FLAC", () => {
  it("is read exactly, two channels, 8 kHz", async () => {
    expect(await heard(await flacFile([LEFT, RIGHT], 8000))).toEqual({ rate: 8000, samples: [LEFT, RIGHT] });
  });

  it("of 24 bits is rounded to 16", async () => {
    const file = await flacFile([[256 * 1000, -256 * 1000, 256 * 7]], 16_000, 24);
    expect((await heard(file)).samples).toEqual([[1000, -1000, 7]]);
  });

  it("cut short is refused, whatever the decoder makes of it", async () => {
    const file = await flacFile([Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 20_000)], 16_000);
    await expect(heard(file.subarray(0, file.length / 2))).rejects.toThrow(
      /cut short: its header declares 30000/,
    );
    await expect(heard(file.subarray(0, 20))).rejects.toThrow(/ends in its header/);
  });
});

const tone = toneBetweenSilence(500, 1000, 500);
const toneSamples = new Int16Array(Uint8Array.from(tone).buffer);

/** Root mean square of a part, in 16-bit units; the tone has 5657. */
function level(samples: readonly number[], fromMs: number, toMs: number): number {
  const part = samples.slice(16 * fromMs, 16 * toMs);
  return Math.sqrt(part.reduce((sum, x) => sum + x * x, 0) / part.length);
}

/** The tone stands where it was, but for what codecs smear and MP3 delays. */
function mustSoundLikeTone(samples: readonly number[]): void {
  expect(level(samples, 0, 450)).toBeLessThan(60);
  expect(level(samples, 600, 1450)).toBeGreaterThan(5000);
  expect(level(samples, 600, 1450)).toBeLessThan(6300);
  expect(level(samples, 1650, 2000)).toBeLessThan(60);
}

it("Opus has the length and the rate of what was encoded, and its sound", async () => {
  const encode = await chunkEncoder("OGGOPUS");
  const { rate, samples } = await heard(Buffer.concat(encode(toneSamples, 16_000, 1600)));
  expect(rate).toBe(16_000);
  expect(samples.map(({ length }) => length)).toEqual([32_000]);
  mustSoundLikeTone(samples[0] ?? []);
});

describe("MP3", () => {
  const floats = Float32Array.from(toneSamples, (x) => x / 32_768);
  const silence = new Float32Array(floats.length);
  const tag = Buffer.concat([Buffer.from("ID3\x04\0\0\0\0\x01\0", "latin1"), Buffer.alloc(128, 0xff)]);

  it.each([
    ["as it is", Buffer.alloc(0)],
    ["behind a tag that looks like frames", tag],
  ])("of one channel has one, %s, with the sound of what was encoded", async (_, before) => {
    const { rate, samples } = await heard(Buffer.concat([before, await mp3File([floats], 16_000)]));
    expect(rate).toBe(16_000);
    expect(samples).toHaveLength(1);
    const length = samples[0]?.length ?? 0;
    // Frames of 576 samples, and the encoder's delay where its tag does not tell.
    expect(length).toBeGreaterThanOrEqual(32_000);
    expect(length).toBeLessThan(32_000 + 3 * 576);
    mustSoundLikeTone(samples[0] ?? []);
  });

  it("of two channels has two", async () => {
    const { samples } = await heard(await mp3File([floats, silence], 16_000));
    expect(samples).toHaveLength(2);
    mustSoundLikeTone(samples[0] ?? []);
    expect(level(samples[1] ?? [], 0, 2000)).toBeLessThan(60);
  });
});

it.each([
  ["nothing", Buffer.alloc(0), /the file is empty/],
  [
    "M4A",
    Buffer.from("\0\0\0\x20ftypM4A ", "latin1"),
    /MP4 \(M4A\); WAV, FLAC, Opus in Ogg and MP3 are read/,
  ],
  ["text", Buffer.from("hello, this is no sound"), /no sound file/],
  [
    "Ogg that is not Opus",
    Buffer.from("OggS\0\x02nothing that follows is Opus", "latin1"),
    /Ogg without Opus audio/,
  ],
])("%s is refused by name", async (_, bytes, message) => {
  await expect(heard(bytes)).rejects.toThrow(message);
});

it("names the package to install when a decoder is missing", async () => {
  const missing = (): Promise<unknown> =>
    Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
  await expect(optionalPackage(missing, "a-package", "MP3")).rejects.toMatchObject({
    message: "MP3 needs the package a-package, which is not installed",
    hint: "Run: npm install a-package",
    exitCode: 2,
  });
});

describe("a damaged file is told by its error alone: the decoders' own words stay off the terminal", () => {
  /** Set bits over the middle of the audio, where no header of the file is. */
  const damaged = (bytes: Uint8Array): Buffer => {
    const broken = Buffer.from(bytes);
    broken.fill(0xff, Math.floor(broken.length / 2), Math.floor(broken.length / 2) + 400);
    return broken;
  };

  it.each<[string, () => Promise<Uint8Array>]>([
    ["FLAC", () => flacFile([[...toneSamples]], 16_000)],
    ["MP3", () => mp3File([Float32Array.from(toneSamples, (x) => x / 32_768)], 16_000)],
    ["Opus", async () => Buffer.concat((await chunkEncoder("OGGOPUS"))(toneSamples, 16_000, 1600))],
  ])("%s", async (_, made) => {
    const told = (["error", "warn", "log"] as const).map((name) => vi.spyOn(console, name));
    try {
      await heard(damaged(await made())).catch(() => undefined);
      expect(told.flatMap(({ mock }) => mock.calls)).toEqual([]);
    } finally {
      for (const spy of told) spy.mockRestore();
    }
  });
});

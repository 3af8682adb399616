import { describe, expect, it } from "vitest";
import type { Clip } from "../../base/dataset/dataset.ts";
import { loadDataset } from "../../base/dataset/dataset.ts";
import { decodeG711, encodeG711 } from "../../base/audio/g711.ts";
import { randomStream } from "../../base/random.ts";
import { FingerprintIndex } from "./fingerprint.ts";
import { Recognizer } from "./recognizer.ts";

const { clips } = await loadDataset("default");
const index = new FingerprintIndex(clips);
const random = randomStream(1, "recognizer.test");

type Distortion = (samples: Int16Array) => Int16Array;

const samplesOf = ({ pcm }: Clip): Int16Array => new Int16Array(Uint8Array.from(pcm).buffer);
const gain =
  (factor: number): Distortion =>
  (samples) =>
    samples.map((sample) => Math.max(-32768, Math.min(32767, Math.round(sample * factor))));
const noise = (length: number, amplitude: number): Int16Array =>
  Int16Array.from({ length }, () => Math.round((2 * random() - 1) * amplitude));
const wordsOf = ({ words }: Clip): string[] => words.map(({ word }) => word);

function joined(...parts: Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Another sample rate, by a windowed sinc that shares nothing with the one under test. */
function resampled(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  const cutoff = Math.min(1, toHz / fromHz);
  const half = Math.ceil(8 / cutoff);
  const kernels = new Map<number, number[]>();
  const kernelFor = (fraction: number): number[] =>
    Array.from({ length: 2 * half }, (_, tap) => {
      const x = tap - half + 1 - fraction;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
      return cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / (half + 1)));
    });
  return Int16Array.from({ length: Math.floor((samples.length * toHz) / fromHz) }, (_, i) => {
    const phase = (i * fromHz) % toHz;
    const before = Math.floor((i * fromHz) / toHz) - half + 1;
    const kernel = kernels.get(phase) ?? kernelFor(phase / toHz);
    kernels.set(phase, kernel);
    const sum = kernel.reduce((total, tap, j) => total + tap * (samples[before + j] ?? 0), 0);
    return Math.max(-32768, Math.min(32767, Math.round(sum)));
  });
}

function heard(samples: Int16Array, sampleRateHz = 16_000): Recognizer {
  const recognizer = new Recognizer(index, sampleRateHz);
  recognizer.push(samples);
  recognizer.finish();
  return recognizer;
}

const allWords = (recognizer: Recognizer): string[] =>
  recognizer.wordsEnded(Infinity, 0).map(({ word }) => word);

describe("clips of the dataset", () => {
  const distortions: { name: string; rateHz: number; distort: Distortion }[] = [
    { name: "as they are", rateHz: 16_000, distort: (samples) => samples },
    { name: "6 dB louder", rateHz: 16_000, distort: gain(2) },
    { name: "6 dB quieter", rateHz: 16_000, distort: gain(0.5) },
    {
      name: "through mu-law",
      rateHz: 16_000,
      distort: (samples) => decodeG711("MULAW", encodeG711("MULAW", samples)),
    },
    {
      name: "through A-law",
      rateHz: 16_000,
      distort: (samples) => decodeG711("ALAW", encodeG711("ALAW", samples)),
    },
    { name: "at 8 kHz", rateHz: 8000, distort: (samples) => resampled(samples, 16_000, 8000) },
    { name: "at 44.1 kHz", rateHz: 44_100, distort: (samples) => resampled(samples, 16_000, 44_100) },
    { name: "at 48 kHz", rateHz: 48_000, distort: (samples) => resampled(samples, 16_000, 48_000) },
    {
      name: "through 8 kHz mu-law, 6 dB quieter",
      rateHz: 16_000,
      distort: (samples) => {
        const telephone = encodeG711("MULAW", gain(0.5)(resampled(samples, 16_000, 8000)));
        return resampled(decodeG711("MULAW", telephone), 8000, 16_000);
      },
    },
  ];

  it.each(distortions)("are known 0.4 s into their speech, $name", ({ rateHz, distort }) => {
    for (const clip of clips) {
      // Any number of samples of silence or faint noise may come before.
      const lead = noise(Math.floor(random() * 4000), random() < 0.5 ? 0 : 15);
      const leadMs = lead.length / 16;
      const knownByMs = clip.onsetMs + 400;
      const recognizer = new Recognizer(index, rateHz);
      recognizer.push(distort(joined(lead, samplesOf(clip).subarray(0, knownByMs * 16))));
      const words = recognizer.wordsEnded(Infinity, 0);
      expect(
        words.map(({ word }) => word),
        clip.id,
      ).toEqual(wordsOf(clip));
      for (const [i, { startMs, endMs }] of words.entries()) {
        expect(Math.abs(startMs - leadMs - clip.words[i]!.startMs), clip.id).toBeLessThan(5);
        expect(Math.abs(endMs - leadMs - clip.words[i]!.endMs), clip.id).toBeLessThan(5);
      }
    }
  });

  it("are all known when they follow each other without a gap", () => {
    const recognizer = heard(joined(...clips.map(samplesOf)));
    expect(allWords(recognizer)).toEqual(clips.flatMap(wordsOf));
  });

  it("are known from the middle on", () => {
    const clip = clips.find(({ id }) => id === "librivox-sense-0870")!;
    const words = allWords(heard(samplesOf(clip).subarray(2 * 16_000)));
    expect(words.length).toBeGreaterThan(8);
    expect(wordsOf(clip).slice(-words.length)).toEqual(words);
  });
});

describe("words", () => {
  const clip = clips.find(({ id }) => id === "ps-goforward")!; // go 0.49-0.64, forward -1.17, ten -1.53, meters -2.12

  it("are told once they have ended", () => {
    const recognizer = heard(samplesOf(clip));
    expect(recognizer.wordsEnded(1200, 0).map(({ word }) => word)).toEqual(["go", "forward"]);
    expect(recognizer.wordsEnded(1200, 1).map(({ word }) => word)).toEqual(["forward"]);
  });

  it("break the silence", () => {
    const recognizer = heard(joined(samplesOf(clip), new Int16Array(16_000)));
    expect(recognizer.silenceMs(1000)).toBe(0);
    expect(Math.abs(recognizer.silenceMs(3000) - (3000 - 2120))).toBeLessThan(5);
    expect(heard(new Int16Array(16_000)).silenceMs(500)).toBe(Infinity);
  });
});

describe("other audio", () => {
  const strangers: { name: string; make: Distortion }[] = [
    { name: "reversed speech", make: (samples) => samples.toReversed() },
    {
      name: "speech with its spectrum inverted",
      make: (samples) => samples.map((sample, i) => (i % 2 ? -sample : sample)),
    },
    { name: "speech a fifth higher", make: (samples) => resampled(samples, 16_000, 10_667) },
    { name: "noise", make: (samples) => noise(samples.length, 3000) },
    { name: "a rising tone", make: (samples) => samples.map((_, i) => 6000 * Math.sin(i * i * 2e-6)) },
  ];

  it.each(strangers)("$name gives placeholders alone", ({ make }) => {
    const words = clips.slice(0, 8).flatMap((clip) => allWords(heard(make(samplesOf(clip)))));
    expect(words.length).toBeGreaterThan(12);
    for (const word of words) expect(word).toMatch(/^unrecognised-\d+$/);
  });

  it("gives one placeholder for 0.4 s of speech, numbered, at its time", () => {
    const tone = Int16Array.from({ length: 16_000 }, (_, i) => 6000 * Math.sin(i * 0.3));
    const recognizer = heard(joined(new Int16Array(8000), tone, new Int16Array(16_000)));
    expect(recognizer.wordsEnded(Infinity, 0)).toEqual([
      { word: "unrecognised-1", startMs: 496, endMs: 896, speaker: 0, confidence: 0.3 },
      { word: "unrecognised-2", startMs: 896, endMs: 1296, speaker: 0, confidence: 0.3 },
      { word: "unrecognised-3", startMs: 1296, endMs: 1504, speaker: 0, confidence: 0.3 },
    ]);
  });

  it.each([0, 15])("silence with noise of amplitude %i gives nothing", (amplitude) => {
    expect(allWords(heard(noise(10 * 16_000, amplitude)))).toEqual([]);
  });
});

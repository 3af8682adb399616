import { FLACDecoder } from "@wasm-audio-decoders/flac";
import { OggOpusDecoder } from "ogg-opus-decoder";
import { describe, expect, it } from "vitest";
import type { Clip } from "../../base/dataset/dataset.ts";
import { loadDataset } from "../../base/dataset/dataset.ts";
import { decodeG711 } from "../../base/audio/g711.ts";
import { chunkEncoder, encodingProblem } from "./encoded-audio.ts";
import { flacBlock } from "./flac-encoder.ts";

const { clips } = await loadDataset("default");
/** The longest clip of 16 kHz, but for some samples, so that its end is no whole chunk. */
const clip = clips
  .filter(({ sampleRateHz }) => sampleRateHz === 16_000)
  .reduce((longest, one) => (one.audioMs > longest.audioMs ? one : longest));
const samples = samplesOf(clip).subarray(0, 16_000 * 5 - 137);

function samplesOf({ pcm }: Clip): Int16Array {
  return new Int16Array(pcm.slice().buffer);
}

const asInt16 = (channel: Float32Array): Int16Array =>
  Int16Array.from(channel, (x) => Math.round(x * 32_767));

describe("raw and companded audio", () => {
  it("LINEAR_PCM is the samples themselves", async () => {
    const chunks = (await chunkEncoder("LINEAR_PCM"))(samples, 16_000, 1600);
    expect(chunks.length).toBe(50);
    expect(chunks.map(({ length }) => length)).toEqual([...Array<number>(49).fill(3200), 3200 - 2 * 137]);
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  it.each(["MULAW", "ALAW"] as const)("%s is one byte a sample, near the samples", async (law) => {
    const chunks = (await chunkEncoder(law))(samples, 16_000, 1600);
    expect(chunks[0]?.length).toBe(1600);
    const back = decodeG711(law, Buffer.concat(chunks));
    expect(back.length).toBe(samples.length);
    // Half of the widest step is 3.2 % of the value.
    const worst = back.reduce((most, value, i) => {
      const allowed = Math.max(16, Math.abs(value) * 0.035);
      return Math.max(most, Math.abs(value - (samples[i] ?? NaN)) / allowed);
    }, 0);
    expect(worst).toBeLessThanOrEqual(1);
  });
});

describe("FLAC", () => {
  it.each([20, 100, 160, 1000])(
    "%s ms chunks: each holds exactly its samples, and all of them together are the audio",
    async (chunkMs) => {
      const chunkSamples = 16 * chunkMs;
      const chunks = (await chunkEncoder("FLAC"))(samples, 16_000, chunkSamples);
      expect(chunks.length).toBe(Math.ceil(samples.length / chunkSamples));
      expect(Buffer.from(chunks[0] ?? []).toString("latin1", 0, 4)).toBe("fLaC");
      const decoder = new FLACDecoder();
      await decoder.ready;
      // What has come is decoded before the next chunk is there: no sample waits.
      const whole = await decoder.decodeFile(Buffer.concat(chunks));
      expect(whole.sampleRate).toBe(16_000);
      expect(asInt16(whole.channelData[0] ?? new Float32Array())).toEqual(samples);
      await decoder.reset();
      const upTo = Math.min(3, chunks.length - 1);
      const part = await decoder.decodeFile(Buffer.concat(chunks.slice(0, upTo)));
      expect(part.samplesDecoded).toBe(upTo * chunkSamples);
      expect(asInt16(part.channelData[0] ?? new Float32Array())).toEqual(
        samples.subarray(0, upTo * chunkSamples),
      );
      decoder.free();
    },
  );

  it("makes a chunk of whole blocks that every decoder takes", () => {
    expect(flacBlock(1600)).toBe(1600);
    expect(flacBlock(16_000)).toBe(4000);
    expect(flacBlock(96_000)).toBe(4000);
    // A prime: only blocks of one sample would do.
    expect(flacBlock(4999)).toBeUndefined();
  });
});

describe("OGGOPUS", () => {
  it.each([20, 100, 160, 250, 1000])(
    "%s ms chunks: pages that decode to the speech, to the sample as long",
    async (chunkMs) => {
      const chunkSamples = 16 * chunkMs;
      const chunks = (await chunkEncoder("OGGOPUS"))(samples, 16_000, chunkSamples);
      expect(chunks.length).toBe(Math.ceil(samples.length / chunkSamples));
      expect(chunks.every((chunk) => Buffer.from(chunk).toString("latin1", 0, 4) === "OggS")).toBe(true);
      const decoder = new OggOpusDecoder();
      await decoder.ready;
      const { channelData, samplesDecoded, sampleRate, errors } = await decoder.decodeFile(
        Buffer.concat(chunks),
      );
      decoder.free();
      expect(errors).toEqual([]);
      expect(sampleRate).toBe(48_000);
      expect(samplesDecoded).toBe(samples.length * 3);
      const decoded = channelData[0] ?? new Float32Array();
      // A codec keeps the sound, not the wave; what counts is that it is this sound, in its place.
      const near = correlation(samples, decoded, 0);
      expect(near).toBeGreaterThan(0.85);
      for (const lag of [-16, 16]) expect(correlation(samples, decoded, lag)).toBeLessThan(near);
    },
  );

  it("a chunk holds its audio but for the codec's look-ahead of 6.5 ms", async () => {
    const chunks = (await chunkEncoder("OGGOPUS"))(samples, 16_000, 1600);
    const decoder = new OggOpusDecoder();
    await decoder.ready;
    // A promise, whatever its type says.
    const decoded = await Promise.resolve(decoder.decode(Buffer.concat(chunks.slice(0, 7))));
    // This decoder keeps the newest page back until it is told that no more will come.
    const rest = await decoder.flush();
    decoder.free();
    expect((decoded.samplesDecoded + rest.samplesDecoded) / 48).toBe(700 - 6.5);
  });

  it("takes the rates and the chunks that the codec has", () => {
    expect(encodingProblem("OGGOPUS", 16_000, 100)).toBeUndefined();
    expect(encodingProblem("OGGOPUS", 8000, 30)).toBeUndefined();
    expect(encodingProblem("OGGOPUS", 22_050, 100)).toMatch(
      /takes audio of 8000, 12000, .* Hz, this is of 22050 Hz/,
    );
    expect(encodingProblem("OGGOPUS", 16_000, 25)).toMatch(/multiple of 10 ms/);
    expect(encodingProblem("FLAC", 16_000, 25)).toBeUndefined();
    expect(encodingProblem("FLAC", 22_050, 25)).toBeUndefined();
  });
});

/** Of 16 kHz samples with every third of those at 48 kHz, `lag` samples of the former later. */
function correlation(reference: Int16Array, decoded: Float32Array, lag: number): number {
  let [xy, xx, yy] = [0, 0, 0];
  for (const [i, x] of reference.entries()) {
    const y = decoded[(i + lag) * 3] ?? 0;
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  return xy / Math.sqrt(xx * yy);
}

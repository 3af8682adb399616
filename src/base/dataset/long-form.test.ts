import { describe, expect, it } from "vitest";
import type { Clip, OpenDataset } from "./dataset.ts";
import { openDataset } from "./dataset.ts";
import { joinClips, joinedDataset } from "./long-form.ts";

function clip(id: string, audioMs: number, text: string | undefined, fill: number): Clip {
  const words =
    text === undefined || text === ""
      ? []
      : text.split(" ").map((word, i) => ({ word, startMs: 100 + i * 100, endMs: 180 + i * 100 }));
  return {
    id,
    pcm: new Uint8Array(16 * audioMs * 2).fill(fill),
    sampleRateHz: 16_000,
    audioMs,
    onsetMs: text === "" ? 0 : 100,
    speechEndMs: words.at(-1)?.endMs ?? audioMs,
    ...(text === undefined ? {} : { text }),
    words,
  };
}

const ONE = clip("one", 500, "one two", 1);
const THREE = clip("three", 400, "three", 3);
const SILENCE = clip("silence", 300, "", 0);

describe("joined clips", () => {
  it("stand one after the other, with silence between, and all that is known of them moves along", () => {
    const joined = joinClips("long-1", [
      { clip: SILENCE, pauseMs: 0 },
      { clip: ONE, pauseMs: 200 },
      { clip: THREE, pauseMs: 1000 },
      { clip: SILENCE, pauseMs: 100 },
    ]);
    expect(joined.audioMs).toBe(300 + 200 + 500 + 1000 + 400 + 100 + 300);
    expect(joined.text).toBe("one two three");
    // "one" begins at 500 ms, "three" at 2000 ms.
    expect(joined.words).toEqual([
      { word: "one", startMs: 600, endMs: 680 },
      { word: "two", startMs: 700, endMs: 780 },
      { word: "three", startMs: 2100, endMs: 2180 },
    ]);
    expect(joined.onsetMs).toBe(600);
    expect(joined.speechEndMs).toBe(2180);
    const levelAt = (ms: number): number | undefined => joined.pcm[ms * 32];
    expect([
      levelAt(499),
      levelAt(500),
      levelAt(999),
      levelAt(1000),
      levelAt(1999),
      levelAt(2000),
      levelAt(2400),
    ]).toEqual([0, 1, 1, 0, 0, 3, 0]);
  });

  it("pauses are whole samples, and the times follow the samples", () => {
    const joined = joinClips("long-1", [
      { clip: ONE, pauseMs: 0 },
      { clip: THREE, pauseMs: 333.33 },
    ]);
    expect(joined.words[2]?.startMs).toBe(500 + 5333 / 16 + 100);
    expect(joined.pcm.length).toBe((500 * 16 + 5333 + 400 * 16) * 2);
  });

  it("without a transcript in one of them there is none of the whole, and no word times with holes", () => {
    const unknown = joinClips("x", [
      { clip: ONE, pauseMs: 0 },
      { clip: clip("?", 400, undefined, 9), pauseMs: 0 },
    ]);
    expect(unknown.text).toBeUndefined();
    expect(unknown.words).toEqual([]);
    const untimed = joinClips("x", [
      { clip: ONE, pauseMs: 0 },
      { clip: { ...THREE, words: [] }, pauseMs: 0 },
    ]);
    expect(untimed.text).toBe("one two three");
    expect(untimed.words).toEqual([]);
  });

  it("of nothing but silence have no speech", () => {
    const joined = joinClips("x", [
      { clip: SILENCE, pauseMs: 0 },
      { clip: SILENCE, pauseMs: 100 },
    ]);
    expect(joined).toMatchObject({ text: "", onsetMs: 0, speechEndMs: 700, words: [] });
  });
});

describe("a dataset as long recordings", () => {
  const longForm = { lengthMs: 60_000, pauseMs: { from: 500, to: 2000 }, variants: 4 };

  it("has as many as asked for, each long enough and not much longer, the same for the same seed", async () => {
    const dataset = await openDataset("default");
    const sixteen: OpenDataset = {
      ...dataset,
      clips: dataset.clips.filter((one) => one.sampleRateHz === 16_000),
    };
    const joined = joinedDataset(sixteen, longForm, 7);
    expect(joined.clips.map(({ id }) => id)).toEqual(["long-1", "long-2", "long-3", "long-4"]);
    const longestMs = Math.max(...dataset.clips.map(({ audioMs }) => audioMs));
    for (const one of joined.clips) {
      expect(one.audioMs).toBeGreaterThanOrEqual(60_000);
      expect(one.audioMs).toBeLessThan(60_000 + longestMs + 2000);
      const { pcm, ...info } = joined.readAudioNow(one);
      expect(pcm.length).toBe(Math.round(one.audioMs * 32));
      expect(info).toEqual(one);
      expect(one.words.length).toBe(one.text?.split(" ").length);
      expect(one.speechEndMs).toBeGreaterThanOrEqual(one.words.at(-1)?.endMs ?? NaN);
    }
    expect(joined.clips[0]?.text).not.toBe(joined.clips[1]?.text);
    expect(joined.sha256).toBe(dataset.sha256);
    const again = joinedDataset(sixteen, longForm, 7);
    expect(again.clips).toEqual(joined.clips);
    for (const clip of again.clips) {
      const { pcm, ...info } = await again.readAudio(clip);
      expect(info).toEqual(clip);
      expect(Buffer.compare(pcm, joined.readAudioNow(clip).pcm)).toBe(0);
    }
    expect(joinedDataset(sixteen, longForm, 8).clips[0]?.text).not.toBe(joined.clips[0]?.text);
  });

  it("refuses clips that can't be joined", () => {
    const read = { readAudio: () => Promise.resolve(ONE), readAudioNow: () => ONE };
    const clips = [ONE, { ...THREE, sampleRateHz: 8000 }];
    const mixed = { name: "x", clips, audioSeconds: 1, sha256: "", ...read };
    expect(() => joinedDataset(mixed, longForm, 1)).toThrow(/one is of 16000 Hz, three of 8000 Hz/);
  });
});

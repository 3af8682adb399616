import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toneBetweenSilence, wavFile } from "../../../test/support/wav.ts";
import type { Clip, ClipInfo } from "./dataset.ts";
import { loadDataset, openDataset, padClip, selectClips, withoutReference } from "./dataset.ts";
import { BenchError } from "../errors.ts";

let folder: string;
let datasets = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-dataset-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A dataset of one second of tone in two of silence, with these manifest lines. */
async function datasetOf(...lines: (object | string)[]): Promise<string> {
  const path = join(folder, `set-${++datasets}`);
  await mkdir(path);
  await writeFile(join(path, "tone.wav"), wavFile(toneBetweenSilence(500, 1000, 500)));
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  await writeFile(join(path, "manifest.jsonl"), text);
  return path;
}

async function failure(path: string): Promise<BenchError> {
  const error = await loadDataset(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BenchError)) throw new Error("expected a BenchError");
  expect(error.exitCode).toBe(2);
  return error;
}

describe("the dataset that comes with the package", () => {
  test("is 29 clips and 171.6 s with words inside speech inside audio", async () => {
    const dataset = await loadDataset("default");
    expect(dataset.name).toBe("core");
    expect(dataset.clips).toHaveLength(29);
    expect(dataset.audioSeconds).toBeCloseTo(171.6, 1);
    expect(dataset.sha256).toMatch(/^[0-9a-f]{64}$/);
    for (const clip of dataset.clips) {
      expect(clip.text).toBe(clip.words.map(({ word }) => word).join(" "));
      expect(clip.onsetMs).toBeLessThan(clip.speechEndMs);
      expect(clip.speechEndMs).toBeGreaterThanOrEqual(clip.words.at(-1)?.endMs ?? NaN);
      expect(clip.speechEndMs).toBeLessThanOrEqual(clip.audioMs);
    }
  });

  test("hears the end of speech where the later of detector and aligner hears it", async () => {
    const { clips } = await loadDataset("default");
    const endOf = (id: string): number | undefined => clips.find((clip) => clip.id === id)?.speechEndMs;
    expect(endOf("asterisk-conf-extended")).toBe(1960); // detector 1.96 s, last word 1.93 s
    expect(endOf("asterisk-check-number-dial-again")).toBe(2210); // detector 2.17 s, last word 2.21 s
  });
});

describe("clips without speech and clips without a reference", () => {
  test.each([
    [{}, undefined],
    [{ text: "" }, undefined],
    [{ text: " … " }, undefined],
    [{ text: "", speech_start_s: 0.5, speech_end_s: 1.5 }, undefined],
    [{ text: "", speech: false }, ""],
    [{ speech: false }, ""],
    [{ text: "hello", speech: true }, "hello"],
  ])("%j", async (fields, text) => {
    const dataset = await loadDataset(await datasetOf({ file: "tone.wav", ...fields }));
    expect(dataset.clips[0]?.text).toBe(text);
    expect(withoutReference(dataset)).toBe(text === undefined ? 1 : 0);
  });

  test("silent audio with an empty text is without speech", async () => {
    const path = await datasetOf({ file: "silent.wav", text: "" });
    await writeFile(join(path, "silent.wav"), wavFile(new Uint8Array(32_000)));
    const dataset = await loadDataset(path);
    expect(dataset.clips[0]?.text).toBe("");
  });

  test("no speech and a text that has words can't both be true", async () => {
    const path = await datasetOf({ file: "tone.wav", text: "hello", speech: false });
    expect((await failure(path)).message).toMatch(/manifest\.jsonl:1: speech: is false, but text has words$/);
  });
});

describe("a minimal manifest", () => {
  test("takes the id from the file and the speech from the audio", async () => {
    const dataset = await loadDataset(await datasetOf({ audio_filepath: "tone.wav", duration: 2.01 }));
    const clip = dataset.clips[0]!;
    expect(clip).toMatchObject({ id: "tone", sampleRateHz: 16_000, audioMs: 2000, words: [] });
    expect(clip.text).toBeUndefined();
    expect(Math.abs(clip.onsetMs - 500)).toBeLessThanOrEqual(25);
    expect(Math.abs(clip.speechEndMs - 1500)).toBeLessThanOrEqual(25);
  });

  test("may be named itself, have empty lines, and text as people write it", async () => {
    const path = await datasetOf("", { id: "a", file: "tone.wav", text: "Hello, World!" }, "");
    const { clips } = await loadDataset(join(path, "manifest.jsonl"));
    expect(clips.map(({ id, text }) => [id, text])).toEqual([["a", "Hello, World!"]]);
  });

  test("gives the clips one by one as it gives them together, and none whose file was changed since", async () => {
    const path = await datasetOf({ file: "tone.wav", text: "x" });
    const [loaded] = (await loadDataset(path)).clips;
    const opened = await openDataset(path);
    const [info] = opened.clips as [ClipInfo];
    expect(await opened.readAudio(info)).toEqual(loaded);
    expect(opened.readAudioNow(info)).toEqual(loaded);
    await writeFile(join(path, "tone.wav"), wavFile(toneBetweenSilence(400, 1000, 600)));
    const changed = /manifest\.jsonl:1: file: .*tone\.wav was changed since the dataset was opened/;
    await expect(opened.readAudio(info)).rejects.toThrow(changed);
    expect(() => opened.readAudioNow(info)).toThrow(changed);
  });

  test("has a hash that follows manifest and audio", async () => {
    const [one, same, other] = [
      await loadDataset(await datasetOf({ file: "tone.wav" })),
      await loadDataset(await datasetOf({ file: "tone.wav" })),
      await loadDataset(await datasetOf({ file: "tone.wav", text: "x" })),
    ];
    expect(one.sha256).toBe(same.sha256);
    expect(one.sha256).not.toBe(other.sha256);
  });
});

describe("errors name the line and the field", () => {
  const file = "tone.wav";
  const word = (s: number, e: number): object => ({ w: "x", s, e });
  test.each<[string, (object | string)[], RegExp]>([
    ["no JSON", [{ file }, "{nope"], /manifest\.jsonl:2: not JSON/],
    ["no file", [{ id: "x" }], /:1: file: missing/],
    ["wrong type", [{ file, duration_s: "2" }], /:1: duration_s: .*number/],
    ["missing audio", [{ file: "gone.wav" }], /:1: file: can't be read .*gone\.wav/],
    ["wrong duration", [{ file, duration_s: 2.03 }], /:1: duration_s: says 2\.030 s.*lasts 2\.000 s/],
    ["words that go back", [{ file, words: [word(0.6, 0.9), word(0.5, 1)] }], /:1: words\.1 .*earlier/],
    ["a word that ends before it starts", [{ file, words: [word(0.6, 0.5)] }], /:1: words\.0 .*ends before/],
    ["a word after the end", [{ file, words: [word(0.6, 2.1)] }], /:1: words\.0 .*after the end/],
    ["a word without its time", [{ file, words: [{ w: "x", s: 1 }] }], /:1: words\.0\.e/],
    ["speech after the end", [{ file, speech_end_s: 2.5 }], /:1: speech_end_s/],
    ["speech the wrong way round", [{ file, speech_start_s: 1.2, speech_end_s: 1 }], /:1: speech_start_s/],
    ["a file twice", [{ file }, { file }], /:2: file: the same file as line 1/],
    ["a part of a file", [{ file, offset: 3 }], /:1: offset: .*not supported/],
    ["nothing at all", [""], /empty/],
  ])("%s", async (_, lines, message) => {
    expect((await failure(await datasetOf(...lines))).message).toMatch(message);
  });

  test("no such folder", async () => {
    expect((await failure(join(folder, "nowhere"))).message).toMatch(/no manifest/);
  });
});

const clip: Clip = {
  id: "a",
  pcm: new Uint8Array(3200),
  sampleRateHz: 16_000,
  audioMs: 100,
  onsetMs: 10,
  speechEndMs: 90,
  text: "hi",
  words: [{ word: "hi", startMs: 10, endMs: 80 }],
};

test("padding moves everything that has a time", () => {
  const padded = padClip(clip, { beforeMs: 300, afterMs: 50 });
  expect(padded).toMatchObject({
    audioMs: 450,
    onsetMs: 310,
    speechEndMs: 390,
    words: [{ word: "hi", startMs: 310, endMs: 380 }],
  });
  expect(padded.pcm).toHaveLength(3200 + 350 * 32);
  expect(padClip(clip, { beforeMs: 0, afterMs: 0 })).toBe(clip);
});

test("clips are selected by length and by id", async () => {
  const dataset = await loadDataset("default");
  const short = selectClips(dataset, { maxMs: 4000 });
  expect(short.clips).toHaveLength(11);
  expect(short.sha256).toBe(dataset.sha256);
  expect(selectClips(dataset, { only: ["ps-something"] }).audioSeconds).toBeCloseTo(2.9987, 3);
  expect(() => selectClips(dataset, { maxMs: 100 })).toThrow(/no clip/);
  expect(() => selectClips(dataset, { only: ["ps-somthing"] })).toThrow(
    expect.objectContaining({ hint: 'Did you mean "ps-something"?', exitCode: 2 }) as Error,
  );
});

import { expect, test } from "vitest";
import type { Clip } from "../../base/dataset/dataset.ts";
import { loadDataset, padClip } from "../../base/dataset/dataset.ts";
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import { FingerprintIndex } from "./fingerprint.ts";
import { Recognizer } from "./recognizer.ts";
import { spelledWords } from "./spelling.ts";
import { decodeFile, fileResponse } from "../call/offline.ts";
import { recognizeWhole } from "../engines/emulated-engine.ts";

const { clips } = await loadDataset("default");
const index = new FingerprintIndex(clips);
const clipOf = (id: string): Clip => clips.find((clip) => clip.id === id) as Clip;

const CONFIG = {
  ...{ encoding: "LINEAR_PCM", sample_rate_hertz: 16_000, language_code: "en-US", audio_channel_count: 1 },
  custom_configuration: {},
  ...{ enable_word_time_offsets: false, enable_automatic_punctuation: false, verbatim_transcripts: true },
} as unknown as RecognitionConfig;

async function recognized(id: string, config: Partial<RecognitionConfig>) {
  const asked = { ...CONFIG, ...config };
  const { samples, sampleRateHz } = await decodeFile(asked, Buffer.from(clipOf(id).pcm));
  const reply = recognizeWhole(index, samples, { config: asked, interim: false, sampleRateHz });
  return fileResponse(reply, asked).results?.[0]?.alternatives?.[0];
}

test.each([
  [
    "asterisk-dir-instr",
    false,
    true,
    "if this is the person you're looking for press one now otherwise please press star now",
  ],
  [
    "asterisk-dir-instr",
    false,
    false,
    "if this is the person you're looking for press one now otherwise please press star now",
  ],
  [
    "asterisk-dir-instr",
    true,
    true,
    "If this is the person you're looking for press one now, otherwise please press star now.",
  ],
  [
    "asterisk-dir-instr",
    true,
    false,
    "If this is the person you're looking for press 1 now, otherwise please press star now.",
  ],
  ["librivox-sense-0880", true, true, "He was not an ill disposed young man,"],
  [
    "asterisk-confbridge-lock-extended",
    true,
    false,
    "to lock, or unlock the conference. When a conference is locked only conference administrators can join.",
  ],
])("%s with punctuation %j, verbatim %j", async (id, punctuation, verbatim, transcript) => {
  const config = { enable_automatic_punctuation: punctuation, verbatim_transcripts: verbatim };
  expect(await recognized(id, config)).toMatchObject({ transcript });
});

test("an abbreviation is a word again when it is verbatim", async () => {
  const ask = async (verbatim: boolean): Promise<string> =>
    (
      await recognized("librivox-sense-0870", {
        enable_automatic_punctuation: true,
        verbatim_transcripts: verbatim,
      })
    )?.transcript ?? "";
  expect(await ask(false)).toMatch(/^And Mr\. John Dashwood had/);
  expect(await ask(true)).toMatch(/^And Mister John Dashwood had/);
});

test("confidence and language are in the answer, words and their times only when asked for", async () => {
  const plain = await recognized("ps-goforward", {});
  expect(plain).toMatchObject({ language_code: ["en-US"], words: [] });
  expect(plain?.confidence).toBeCloseTo(0.97, 6);
  const timed = await recognized("ps-goforward", { enable_word_time_offsets: true, language_code: "multi" });
  expect(timed?.words).toEqual(
    clipOf("ps-goforward").words.map(({ word, startMs, endMs }) => ({
      ...{
        word,
        start_time: startMs,
        end_time: endMs,
        confidence: 0.97,
        speaker_tag: 0,
        language_code: "en-US",
      },
    })),
  );
});

test("every clip of the dataset has a spelling of its own for each word", () => {
  for (const clip of clips) {
    const joined = spelledWords(clip)
      .map(({ written }) => written)
      .join(" ");
    expect([clip.id, joined]).toEqual([
      clip.id,
      (clip.written ?? "").replaceAll("-", " ").replace(/^\.+/, ""),
    ]);
  }
});

test("a clip without a written form gets a capital and a full stop", () => {
  const words = ["i", "think", "i'm", "here"].map((word) => ({ word, startMs: 0, endMs: 1 }));
  expect(spelledWords({ words } as unknown as Clip).map(({ punctuated }) => punctuated)).toEqual([
    ...["I", "think", "I'm", "here."],
  ]);
});

test.each([0, 1, 2.5, 7, 13.3, 100, 333.3])(
  "word times are those of the manifest, %d ms into a stream",
  (beforeMs) => {
    for (const clip of clips) {
      const { pcm, words, sampleRateHz } = padClip(clip, { beforeMs, afterMs: 0 });
      const recognizer = new Recognizer(index, sampleRateHz);
      recognizer.push(new Int16Array(Uint8Array.from(pcm).buffer));
      recognizer.finish();
      const heard = recognizer.wordsEnded(Infinity, 0);
      expect(heard.map(({ word }) => word)).toEqual(words.map(({ word }) => word));
      for (const [i, { startMs, endMs }] of heard.entries()) {
        expect(Math.abs(startMs - (words[i]?.startMs ?? NaN))).toBeLessThan(0.1);
        expect(Math.abs(endMs - (words[i]?.endMs ?? NaN))).toBeLessThan(0.1);
      }
    }
  },
);

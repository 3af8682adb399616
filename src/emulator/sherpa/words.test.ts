import { expect, it } from "vitest";
import { wordsOf } from "./words.ts";

const result = (text: string, tokens: string[], timestamps: number[], ys_probs: number[] = []) => ({
  ...{ text, tokens, timestamps, ys_probs, num_trailing_blanks: 0 },
});

it("begins a word at a space, ends it a frame after its last token but not after the next word's start", () => {
  const { log } = Math;
  const heard = result(
    " he said no",
    [" he", " sa", "id", " no"],
    [0.4, 0.44, 0.8, 0.96],
    [0.9, 0.8, 0.5, 1].map(log),
  );
  expect(
    wordsOf(heard, 80, 1000).map((each) => ({ ...each, confidence: Number(each.confidence.toFixed(3)) })),
  ).toEqual([
    { word: "he", startMs: 400, endMs: 440, confidence: 0.9 },
    { word: "said", startMs: 440, endMs: 880, confidence: 0.5 },
    // There was no more audio.
    { word: "no", startMs: 960, endMs: 1000, confidence: 1 },
  ]);
});

it("has no confidence where there are no scores, and no words where there is no text", () => {
  expect(wordsOf(result("oh", [" oh"], [0.2]), 40, 1000)).toEqual([
    { word: "oh", startMs: 200, endMs: 240, confidence: 0 },
  ]);
  expect(wordsOf(result("", [], []), 40, 1000)).toEqual([]);
  expect(wordsOf(result(" ", [" "], [0.2]), 40, 1000)).toEqual([]);
});

it.each([
  ["an unknown piece has a stamp and no token", result("oh no", [" oh", " no"], [0.2, 0.4, 0.6])],
  ["bytes are no text", result("Bär ab", [" B", "<0xC3>", "<0xA4>", "r", " ab"], [0.2, 0.3, 0.4, 0.5, 0.6])],
])("is one entry where %s", (_what, heard) => {
  expect(wordsOf(heard, 40, 1000)).toEqual([{ word: heard.text, startMs: 200, endMs: 640, confidence: 0 }]);
});

it("takes text without spaces for one word", () => {
  expect(wordsOf(result("你好吗", ["你", "好", "吗"], [0.2, 0.4, 0.6]), 40, 1000)).toEqual([
    { word: "你好吗", startMs: 200, endMs: 640, confidence: 0 },
  ]);
});

import { expect, test } from "vitest";
import { spokenWords } from "./text.ts";

test.each([
  ["Please hold, Mr. Brown.", ["please", "hold", "mr", "brown"]],
  [" you're  the caller’s 'guest' ", ["you're", "the", "caller's", "guest"]],
  ["Straße façade 日本", ["straße", "façade", "日本"]],
  ["press 1 -- or 2!", ["press", "1", "or", "2"]],
  [" \n", []],
])("%j", (text, words) => {
  expect(spokenWords(text)).toEqual(words);
});

import { expect, it } from "vitest";
import { spokenShare } from "./spoken-length.ts";
import { spokenWords } from "./text.ts";

const DIGITS = "one two three four five six seven eight nine zero one two three four five six";

function share(answer: string, reference: string): number {
  return spokenShare(spokenWords(answer), spokenWords(reference)).share;
}

it.each([
  ["1234567890123456", DIGITS],
  [DIGITS, "1234567890123456"],
  ["$200,000", "two hundred thousand dollars"],
  ["zweihunderttausend", "200.000"],
  ["zweihundertvierunddreißigtausendfünfhundertsechsundsiebzig Euro", "234576 Euro"],
  ["neuf mille neuf cent quatre-vingt-dix-sept", "9997"],
  ["9997", "neuf mille neuf cent quatre-vingt-dix-sept"],
  ["99", "quatre-vingt-dix-neuf"],
  ["今天天气很好", "今天，天气很好。"],
  ["東京", "とうきょう"],
  ["三百二十", "320"],
  ["320", "三百二十"],
  ["오늘날씨가좋습니다", "오늘 날씨가 좋습니다"],
  ["ไอโฟนโปรแม็กซ์มา", "iPhone Pro Max มา"],
  ["iPhone Pro Max มา", "ไอโฟนโปรแม็กซ์มา"],
  ["tres millones", "3000000"],
  ["$1.5 million", "one point five million dollars"],
])("%s covers half of %s and more", (answer, reference) => {
  expect(share(answer, reference)).toBeGreaterThanOrEqual(0.5);
});

it.each([
  ["one", "one two three"],
  ["1", DIGITS],
  ["12345", "1234567890123456"],
  ["1234567", DIGITS],
  ["今天", "今天天气很好我们去公园"],
  ["สวัส", "สวัสดีครับคุณสบายดีไหม"],
  ["오늘", "오늘 날씨가 좋습니다"],
  ["call", "call 555 1234 now please"],
])("%s is less than half of %s", (answer, reference) => {
  expect(share(answer, reference)).toBeLessThan(0.5);
});

it("says what was counted", () => {
  expect(spokenShare(["one"], ["one", "two"])).toEqual({ share: 0.5, said: 1, expected: 2, unit: "words" });
  expect(spokenShare(spokenWords("你好"), spokenWords("你好，世界"))).toEqual({
    share: 0.5,
    said: 2,
    expected: 4,
    unit: "characters",
  });
});

import { describe, expect, it, test } from "vitest";
import { isCharacter, isWrittenNumber, spokenWords } from "./text.ts";

test.each([
  ["Please hold, Mr. Brown.", ["please", "hold", "mr", "brown"]],
  [" you're  the caller’s 'guest' ", ["you're", "the", "caller's", "guest"]],
  ["press 1 -- or 2!", ["press", "1", "or", "2"]],
  ["twenty-one, covid-19, mp3, 10km", ["twenty", "one", "covid", "19", "mp", "3", "10", "km"]],
  [" \n", []],
  ["👍🏽 ok 5️⃣ …", ["ok", "5"]],
])("%j", (text, words) => {
  expect(spokenWords(text)).toEqual(words);
});

describe("case and form of letters", () => {
  it.each([
    ["Straße, FAÇADE", "STRASSE façade"],
    ["ΟΔΟΣ σας", "οδος ΣΑΣ"],
    ["İSTANBUL", "istanbul"],
    ["ISPARTA", "ısparta"],
    ["ﬁne ＡＢＣ", "fine abc"],
    ["cafe\u0301", "café"],
    ["ｶｰﾃﾝ", "カーテン"],
    ["თბილისი", "ᲗᲑᲘᲚᲘᲡᲘ"],
    ["և", "ԵՒ"],
    ["col·lecció", "coŀlecció"],
    ["צה״ל", 'צה"ל'],
  ])("%j is %j", (one, other) => {
    expect(spokenWords(one)).toEqual(spokenWords(other));
  });
});

describe("what is not seen parts no words", () => {
  it.each([
    ["می‌خواهم", ["میخواهم"]],
    ["so\u00adft hy\u00adphen", ["soft", "hyphen"]],
    ["\u202bשלום\u202c \u200fעולם", ["שלום", "עולם"]],
    ["كـتـاب", ["كتاب"]],
    ["न\u200dमस्ते", ["नमस्ते"]],
    ["\ufeffhello\u2060world", ["helloworld"]],
  ])("%j", (text, words) => {
    expect(spokenWords(text)).toEqual(words);
  });
});

describe("scripts without blanks are taken by the character, whatever stands between", () => {
  it.each([
    ["你好，世界。", "你好世界"],
    ["今日は、 いい天気ですね。", "今日はいい天気ですね"],
    ["สวัสดี ครับ", "สวัสดีครับ"],
    ["ខ្ញុំ\u200bស្រលាញ់", "ខ្ញុំស្រលាញ់"],
    ["ສະບາຍດີ!", "ສະບາຍ ດີ"],
    ["မင်္ဂလာပါ။", "မင်္ဂလာ ပါ"],
  ])("%j is %j", (one, other) => {
    expect(spokenWords(one)).toEqual(spokenWords(other));
    expect(spokenWords(one).every(isCharacter)).toBe(true);
  });

  it("beside words and numbers", () => {
    expect(spokenWords("我用iPhone 15 打电话")).toEqual(["我", "用", "iphone", "15", "打", "电", "话"]);
    expect(spokenWords("한국어 말하기")).toEqual(["한국어", "말하기"]);
  });
});

describe("numbers stay as they are written, together", () => {
  it.each([
    ["$5.50", ["$5.50"]],
    ["5 €, 10 %, 1,234", ["5 €", "10 %", "1,234"]],
    ["at 3:30 p.m.", ["at", "3:30", "p", "m"]],
    ["the 2nd of the 1990s", ["the", "2nd", "of", "the", "1990s"]],
    ["$1.5 million, 3 millions", ["$1.5 million", "3", "millions"]],
    ["555-1234 or -5", ["555", "1234", "or", "-5"]],
    ["10 $1.5", ["10", "$1.5"]],
    ["½, 2½", ["1/2", "2", "1/2"]],
    ["۱۲۳ १२३ １２３ 𝟙𝟚𝟛", ["123", "123", "123", "123"]],
  ])("%j", (text, words) => {
    expect(spokenWords(text)).toEqual(words);
    for (const word of words) expect([word, isWrittenNumber(word)]).toEqual([word, /[0-9]/.test(word)]);
  });
});

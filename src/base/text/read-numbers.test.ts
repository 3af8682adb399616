import { describe, expect, it } from "vitest";
import { readNumbers, sameWords } from "./read-numbers.ts";
import { spokenWords } from "./text.ts";

function read(text: string, ...others: string[]): string {
  return readNumbers(spokenWords(text), ...others.map(spokenWords)).join(" ");
}

describe("a number is read the way it was said", () => {
  it.each([
    ["1234567890123456", "one two three four five six seven eight nine zero one two three four five six"],
    ["1234", "one two three four"],
    ["1234", "twelve thirty four"],
    ["1,234", "one thousand two hundred and thirty four"],
    ["1.234", "one thousand two hundred thirty four"],
    ["1,234.50", "one thousand two hundred thirty four point five zero"],
    ["$5.50", "five dollars and fifty cents"],
    ["$5.50", "five fifty"],
    ["£3.20", "three pounds twenty"],
    ["20 €", "twenty euros"],
    ["$5.00", "five dollars"],
    ["$1.5 million", "one point five million dollars"],
    ["2nd", "second"],
    ["21st", "twenty first"],
    ["101st", "one hundred and first"],
    ["3:30 p.m.", "three thirty p m"],
    ["3:05", "three oh five"],
    ["3:00", "three o'clock"],
    ["10%", "ten percent"],
    ["2.5 %", "two point five per cent"],
    ["1990s", "nineteen nineties"],
    ["80s", "eighties"],
    ["1999", "nineteen ninety nine"],
    ["1905", "nineteen oh five"],
    ["1200", "twelve hundred"],
    ["2005", "two thousand and five"],
    ["2024", "twenty twenty four"],
    ["1/2", "a half"],
    ["3/4", "three quarters"],
    ["-5", "minus five"],
    ["100", "a hundred"],
    ["1000000", "one million"],
    ["007", "double o seven"],
    ["555-1234", "triple five one two three four"],
    ["192.168.0.1", "one nine two dot one six eight dot zero dot one"],
    ["15/01/2024", "fifteen oh one twenty twenty four"],
    ["123", "uno dos tres"],
    ["47", "vier sieben"],
    ["2024", "二 零 二 四"],
  ])("%s as %s", (written, said) => {
    expect(read(`so ${written} it is`, `so ${said} it is`)).toBe(`so ${said} it is`);
    expect(sameWords(spokenWords(written), spokenWords(said))).toBe(true);
    expect(sameWords(spokenWords(said), spokenWords(written))).toBe(true);
  });

  it.each([
    ["1234", "one two three five"],
    ["$5.50", "six dollars and fifty cents"],
    ["2nd", "third"],
    ["21", "twenty two"],
    ["100", "one thousand"],
    ["3:30", "three fifteen"],
  ])("%s is not %s", (written, said) => {
    expect(sameWords(spokenWords(written), spokenWords(said))).toBe(false);
  });
});

describe("without another text that has it", () => {
  it.each([
    ["12", "one two"],
    ["2nd", "second"],
    ["1990s", "nineteen nineties"],
    ["$2.50", "two five zero"],
    ["2 million", "two million"],
    ["1".repeat(50), Array.from({ length: 50 }, () => "one").join(" ")],
  ])("%s is %s", (written, said) => {
    expect(read(written)).toBe(said);
    expect(read(written, "hello world")).toBe(said);
  });
});

describe("a text that goes on", () => {
  it("is read on from where the other ends", () => {
    expect(read("23", "twenty")).toBe("twenty three");
    expect(read("12345", "one two")).toBe("one two three four five");
    expect(read("12", "1 2")).toBe("one two");
  });

  it("takes the rest from a text that has it", () => {
    expect(read("$5", "it costs five", "it costs five dollars")).toBe("five dollars");
    expect(read("1.5", "one", "one point five")).toBe("one point five");
  });

  it("takes the first text that has a whole number, before one that reads it otherwise", () => {
    expect(read("12 x", "one two x", "twelve x")).toBe("one two x");
  });
});

it("takes numbers in their order", () => {
  expect(read("12 or 12", "twelve or one two")).toBe("twelve or one two");
});

import { describe, expect, it } from "vitest";
import { alignWords } from "./word-align.ts";

const letters = (text: string): string[] => text.match(/./g) ?? [];

/** `from` and `to` as words, one letter each. */
function aligned(
  from: string,
  to: string,
  tail: "free" | "counts" = "counts",
): [places: number[], edits: number] {
  const { places, edits } = alignWords(letters(from), letters(to), tail);
  return [[...places], edits];
}

describe("alignWords", () => {
  it.each<[string, string, number[], number]>([
    ["abc", "abc", [0, 1, 2], 0],
    ["", "ab", [], 2],
    ["ab", "", [-1, -1], 2],
    ["abc", "axc", [0, -1, 2], 1],
    ["abc", "ac", [0, -1, 1], 1],
    ["ac", "abc", [0, 2], 1],
    ["bc", "abc", [1, 2], 1],
    ["abcd", "xbcy", [-1, 1, 2, -1], 2],
    // Fewest edits first: three changes, not c kept with two taken away and two put in.
    ["abc", "cxy", [-1, -1, -1], 3],
  ])("%s -> %s", (from, to, places, edits) => {
    expect(aligned(from, to)).toEqual([places, edits]);
  });

  it("counts nothing for words appended to a text that grows, and takes the first of equal places", () => {
    expect(aligned("ab", "abcde", "free")).toEqual([[0, 1], 0]);
    expect(aligned("xb", "abcde", "free")).toEqual([[-1, 1], 1]);
    expect(aligned("b", "abcb", "free")).toEqual([[1], 1]);
    expect(aligned("b", "abcb", "counts")).toEqual([[3], 3]);
  });

  it("stays affordable on long texts and follows shifts of up to 64 words in them", () => {
    const long = Array.from({ length: 2000 }, (_, i) => `w${i}`);
    const heard = long
      .filter((_, i) => i !== 10 && i !== 1500)
      .map((word, i) => (i === 700 ? "other" : word));
    const { places, edits } = alignWords(heard, long, "counts");
    expect(edits).toBe(3);
    expect([places[9], places[10], places[700], places[1997]]).toEqual([9, 11, -1, 1999]);
  });
});

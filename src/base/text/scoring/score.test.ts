import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadDataset } from "../../dataset/dataset.ts";
import { randomStream } from "../../random.ts";
import { hanReadings } from "./han-numbers.ts";
import type { ScoringRules } from "./normalizers.ts";
import { scoredTokens, scoringRulesFor } from "./normalizers.ts";
import { countEdits } from "./edits.ts";
import { scoreTranscript, tokenPair } from "./score.ts";

/** Answers with planted errors to the clips of the package, and what sclite counts in them. */
const SCLITE = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../../../test/fixtures/sclite.json", import.meta.url)), "utf8"),
) as { sets: { sclite: { words: number; errors: number }; pairs: [reference: string, answer: string][] }[] };

const ENGLISH: ScoringRules = { normalizer: "whisper-en", unit: "word" };
const BASIC: ScoringRules = { normalizer: "basic", unit: "word" };
const CHARACTERS: ScoringRules = { normalizer: "basic", unit: "character" };

function editsOf(reference: string, answer: string, rules: ScoringRules): number {
  const { substitutions, insertions, deletions } = scoreTranscript(reference, answer, rules);
  return substitutions + insertions + deletions;
}

describe("the same speech, written otherwise, in English", () => {
  it.each([
    ["press one to listen", "Press 1 to listen."],
    ["one two three four", "1234"],
    ["one two three four", "1 2 3 4"],
    ["call nine one one now", "Call 911 now!"],
    ["it costs five dollars and fifty cents", "It costs $5.50."],
    ["twenty five", "25"],
    ["nineteen ninety nine", "1999"],
    ["one thousand two hundred thirty four", "1,234"],
    ["two double o eight", "2008"],
    ["the twenty third of may", "the 23rd of May"],
    ["in the nineteen nineties", "in the 1990s"],
    ["two hundred thousand dollars", "$200000"],
    ["three point one four", "3.14"],
    ["ten percent", "10%"],
    ["half past three thirty", "half past 3:30"],
    ["mister brown and doctor smith", "Mr. Brown and Dr. Smith"],
    ["i will not say that we can not go", "I won't say that we can't go"],
    ["you are there and they have gone", "You're there, and they've gone."],
    ["the color of the theater is gray", "The colour of the theatre is grey."],
    ["we organized and analyzed it", "We organised and analysed it."],
    ["well i think so", "Um, well, uh, I think so... hmm"],
    ["hello there", "[noise] Hello <unk> there (coughs)"],
    ["it's Bob's", "It’s Bob’s"],
  ])("%j and %j differ by nothing", (reference, answer) => {
    expect(editsOf(reference, answer, ENGLISH)).toBe(0);
    expect(editsOf(answer, reference, ENGLISH)).toBe(0);
  });

  it("a number that only one of two texts has is wrong", () => {
    expect(editsOf("call me at five", "call me at 6", ENGLISH)).toBe(1);
    expect(editsOf("the code is one two three", "the code is 124", ENGLISH)).toBe(1);
  });
});

describe("other languages", () => {
  it.each([
    ["mein Code ist eins zwei drei vier", "Mein Code ist 1234.", BASIC],
    ["三百円です", "300円です。", CHARACTERS],
    ["他有三百块", "他有300块", CHARACTERS],
    ["电话是零五七一", "电话是0571", CHARACTERS],
    ["今天 天气 很 好", "今天天气很好", CHARACTERS],
  ] as const)("%j and %j differ by nothing", (reference, answer, rules) => {
    expect(editsOf(reference, answer, rules)).toBe(0);
  });

  it("counts characters where there are no blanks", () => {
    expect(scoreTranscript("今天天气很好", "今天天汽好", CHARACTERS)).toEqual({
      reference: 6,
      substitutions: 1,
      insertions: 0,
      deletions: 1,
    });
  });

  it("counts a written number as one word where nobody knows how it is said", () => {
    expect(scoreTranscript("es kostet fünfundzwanzig Euro", "es kostet 25 Euro", BASIC)).toMatchObject({
      reference: 4,
      substitutions: 1,
      insertions: 0,
    });
  });

  it("chooses rules by the language", () => {
    expect(scoringRulesFor("en-US")).toEqual({ normalizer: "whisper-en", unit: "word" });
    expect(scoringRulesFor("de-DE")).toEqual({ normalizer: "basic", unit: "word" });
    expect(scoringRulesFor("zh-CN")).toEqual({ normalizer: "basic", unit: "character" });
    expect(scoringRulesFor("ja")).toEqual({ normalizer: "basic", unit: "character" });
    expect(scoringRulesFor("th_TH").unit).toBe("character");
    expect(scoringRulesFor("ko-KR").unit).toBe("word");
  });
});

it("`none` counts capitals and punctuation", () => {
  expect(scoreTranscript("Hello World", "hello World.", { normalizer: "none", unit: "word" })).toEqual({
    reference: 2,
    substitutions: 2,
    insertions: 0,
    deletions: 0,
  });
});

it("an empty answer has lost all, an empty reference had nothing to lose", () => {
  expect(scoreTranscript("press one", "", ENGLISH)).toEqual({
    reference: 2,
    substitutions: 0,
    insertions: 0,
    deletions: 2,
  });
  expect(scoreTranscript("", "press one", ENGLISH)).toEqual({
    reference: 0,
    substitutions: 0,
    insertions: 2,
    deletions: 0,
  });
});

it("an answer beyond all measure is put in, and takes no time", () => {
  const babble = Array.from({ length: 300_000 }, (_, index) => `w${index}`);
  const words = Array.from({ length: 3000 }, (_, index) => `r${index}`);
  const startMs = performance.now();
  expect(countEdits(words, [...words, ...babble])).toEqual({
    reference: 3000,
    substitutions: 0,
    insertions: 300_000,
    deletions: 0,
  });
  expect(performance.now() - startMs).toBeLessThan(2000);
});

it("writes numbers in Chinese characters as people do", () => {
  expect(hanReadings("21")).toContain("二十一");
  expect(hanReadings("105")).toContain("一百零五");
  expect(hanReadings("2024")).toEqual(expect.arrayContaining(["二千零二十四", "两千零二十四", "二零二四"]));
  expect(hanReadings("10005")).toContain("一万零五");
  expect(hanReadings("100000000")).toContain("一亿");
  expect(hanReadings("1,200")).toContain("千二百");
  expect(hanReadings("0571")).toEqual(["零五七一", "〇五七一"]);
  expect(hanReadings("3.5")).toEqual([]);
});

it.each(SCLITE.sets)("totals are those of sclite, $sclite.errors errors", ({ sclite, pairs }) => {
  let [words, errors] = [0, 0];
  for (const [reference, answer] of pairs) {
    const { reference: length, ...edits } = countEdits(
      reference.split(" "),
      answer === "" ? [] : answer.split(" "),
    );
    words += length;
    errors += edits.substitutions + edits.insertions + edits.deletions;
  }
  expect([words, errors]).toEqual([sclite.words, sclite.errors]);
});

it("the clips of the package score the same as they are spoken and as they are written", async () => {
  const { clips } = await loadDataset("default");
  const written = clips.filter((clip) => clip.written !== undefined);
  expect(written.length).toBeGreaterThan(20);
  for (const { text = "", written: answer = "" } of written)
    expect([text, editsOf(text, answer, ENGLISH)]).toEqual([text, 0]);
});

describe("laws of the edits", () => {
  const token = fc.constantFrom("a", "b", "c");
  const texts = fc.tuple(fc.array(token, { maxLength: 60 }), fc.array(token, { maxLength: 60 }));

  it("are as few as those of the whole table, and add up to the lengths", () => {
    fc.assert(
      fc.property(texts, ([expected, said]) => {
        const { substitutions, insertions, deletions, reference } = countEdits(expected, said);
        expect(substitutions + insertions + deletions).toBe(wholeTable(expected, said));
        expect(insertions - deletions).toBe(said.length - expected.length);
        expect(reference).toBe(expected.length);
        expect(Math.min(substitutions, insertions, deletions)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("are as few also in texts that are aligned in halves", () => {
    const long = (seed: number): string[] => {
      const random = randomStream(seed, "long");
      return Array.from({ length: 700 + 100 * (seed % 5) }, () => `w${Math.floor(random() * 40)}`);
    };
    for (let seed = 0; seed < 6; seed++) {
      const random = randomStream(seed, "loss");
      const expected = long(seed);
      const lossy = expected.flatMap((word) => (random() < 0.4 ? [] : random() < 0.1 ? ["x", word] : [word]));
      for (const said of [lossy, long(seed + 10)]) {
        const { substitutions, insertions, deletions } = countEdits(expected, said);
        expect(substitutions + insertions + deletions).toBe(wholeTable(expected, said));
        expect(insertions - deletions).toBe(said.length - expected.length);
        expect(Math.min(substitutions, insertions, deletions)).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it("any text scores nothing against itself, by any rules", () => {
    for (const rules of [ENGLISH, BASIC, CHARACTERS, { normalizer: "none", unit: "word" } as const]) {
      fc.assert(
        fc.property(fc.string({ unit: "grapheme" }), (text) => {
          expect(editsOf(text, text, rules)).toBe(0);
        }),
      );
    }
  });

  it("tokens are never blank", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        for (const rules of [ENGLISH, BASIC, CHARACTERS])
          expect(scoredTokens(text, rules).every((one) => one.trim() !== "")).toBe(true);
        expect(tokenPair(text, "one 2", ENGLISH)[0].every((one) => one !== "")).toBe(true);
      }),
    );
  });
});

function wholeTable(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, one] of a.entries()) {
    const next = [i + 1];
    for (const [j, other] of b.entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (one === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

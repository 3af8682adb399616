import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_REFERENCE, sketch } from "../../../test/support/timeline.ts";
import { isWrittenNumber, spokenWords } from "../../base/text/text.ts";
import { metricNamed } from "./catalogue.ts";
import { sessionFailure } from "../observation/classify.ts";
import type { Observation } from "../observation/observation.ts";

/** First and last code point of letters, and of marks where a script cannot do without. */
const SCRIPTS: Readonly<Record<string, readonly (readonly [from: number, to: number])[]>> = {
  Latin: [[0x61, 0x7a]],
  "Latin with accents": [[0xc0, 0x24f]],
  Vietnamese: [[0x1ea0, 0x1ef9]],
  Cyrillic: [[0x400, 0x4ff]],
  Greek: [[0x386, 0x3ce]],
  Arabic: [[0x620, 0x65f]],
  Persian: [
    [0x6a0, 0x6d3],
    [0x200c, 0x200c],
  ],
  Hebrew: [
    [0x5d0, 0x5ea],
    [0x5b0, 0x5bd],
  ],
  Devanagari: [[0x900, 0x963]],
  Bengali: [
    [0x985, 0x9b9],
    [0x9be, 0x9cd],
  ],
  Gurmukhi: [
    [0xa05, 0xa39],
    [0xa3e, 0xa4d],
  ],
  Tamil: [
    [0xb85, 0xbb9],
    [0xbbe, 0xbcd],
  ],
  Telugu: [
    [0xc05, 0xc39],
    [0xc3e, 0xc4d],
  ],
  Sinhala: [
    [0xd85, 0xdc6],
    [0x200d, 0x200d],
  ],
  Thai: [
    [0xe01, 0xe3a],
    [0xe40, 0xe4e],
  ],
  Lao: [
    [0xe81, 0xec4],
    [0xec8, 0xecd],
  ],
  Tibetan: [[0xf40, 0xf84]],
  Myanmar: [[0x1000, 0x103f]],
  Georgian: [[0x10d0, 0x10fa]],
  Hangul: [[0xac00, 0xd7a3]],
  Jamo: [[0x1100, 0x1175]],
  Ethiopic: [[0x1200, 0x135a]],
  Cherokee: [[0x13a0, 0x13f5]],
  Khmer: [
    [0x1780, 0x17d3],
    [0x200b, 0x200b],
  ],
  Mongolian: [
    [0x1820, 0x1878],
    [0x180b, 0x180e],
  ],
  Hiragana: [[0x3041, 0x3096]],
  Katakana: [
    [0x30a1, 0x30ff],
    [0xff66, 0xff9d],
  ],
  Han: [[0x4e00, 0x9fff]],
  "Han beyond the first plane": [[0x20000, 0x2a6d0]],
  Armenian: [
    [0x531, 0x556],
    [0x561, 0x587],
  ],
  Emoji: [
    [0x1f600, 0x1f64f],
    [0x1f3fb, 0x1f3ff],
    [0x200d, 0x200d],
  ],
  Digits: [
    [0x30, 0x39],
    [0x660, 0x669],
    [0x966, 0x96f],
    [0xff10, 0xff19],
  ],
};

const PUNCTUATION = [" ", " ", " ", ", ", ". ", "! ", "，", "。", "、", "؟ ", " - ", "… ", "\u200f ", "\n"];

function wordsIn(ranges: readonly (readonly [number, number])[]): fc.Arbitrary<string> {
  const letter = fc.oneof(...ranges.map(([min, max]) => fc.integer({ min, max })));
  return fc.array(letter, { minLength: 1, maxLength: 6 }).map((codes) => String.fromCodePoint(...codes));
}

const AMONG = fc.constantFrom(...PUNCTUATION);

/** Words with something between them. */
function textOf(words: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(words, AMONG), { minLength: 1, maxLength: 12 })
    .map((pairs) => pairs.flat().join(""));
}

const SPOKEN =
  "one two three ten twenty thirty hundred thousand million and oh point dollars percent second".split(" ");
const WRITTEN = [
  "1",
  "12",
  "1234",
  "$5.50",
  "10%",
  "10 %",
  "2nd",
  "1990s",
  "3:30",
  "1/2",
  "-5",
  "1,234",
  "$2 million",
  "007",
];
const MIXED = fc.oneof(...Object.values(SCRIPTS).map(wordsIn), fc.constantFrom(...SPOKEN, ...WRITTEN));

function session(text: string, answers: readonly string[]): Observation {
  const responses = answers.map((answer, index) => ({
    atMs: 100 + index,
    final: index === answers.length - 1,
    text: answer,
  }));
  return { ...sketch({ clip: { ...NO_REFERENCE, words: [], text } }), responses };
}

function expectPerfect(text: string, answers: readonly string[]): void {
  const observation = session(text, answers);
  expect(sessionFailure(observation)).toBeUndefined();
  for (const name of ["upwr", "erasure"]) {
    const metric = metricNamed(name);
    const value = metric?.per === "session" ? metric.of(observation) : undefined;
    if (spokenWords(text).length > 0) expect([name, value]).toEqual([name, 0]);
  }
}

/** The text as it grows, cut where blanks are. */
function grown(text: string): string[] {
  const parts = text.split(/(?<=\s)/);
  return parts.map((_, index) => parts.slice(0, index + 1).join(""));
}

/** The same words as another server writes them. */
function restyled(text: string): string[] {
  return [
    text.toUpperCase(),
    text.toLowerCase(),
    text.normalize("NFD"),
    text.normalize("NFKC"),
    ` ${text} !`,
    `\u202b${text}\u202c`,
  ];
}

describe("any text that is answered by itself is a good session", () => {
  it.each(Object.entries(SCRIPTS))("%s", (_script, ranges) => {
    fc.assert(
      fc.property(textOf(wordsIn(ranges)), (text) => {
        expectPerfect(text, [text]);
        expectPerfect(text, grown(text));
        for (const other of restyled(text)) expectPerfect(text, [other, text, other]);
      }),
      { numRuns: 10 },
    );
  });

  it("all of them mixed, with numbers", () => {
    fc.assert(
      fc.property(textOf(MIXED), (text) => {
        expectPerfect(text, [text]);
        expectPerfect(text, grown(text));
      }),
      { numRuns: 100 },
    );
  });

  it("any string", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expectPerfect(text, [text]);
        expectPerfect(text, [text, text.toUpperCase(), ` ${text} `]);
      }),
      { numRuns: 200 },
    );
  });

  it("scripts without blanks, one character after the other", () => {
    const unspaced = ["Thai", "Lao", "Khmer", "Myanmar", "Hiragana", "Han"].flatMap(
      (name) => SCRIPTS[name] ?? [],
    );
    fc.assert(
      fc.property(textOf(wordsIn(unspaced)), (text) => {
        const characters = Array.from(text.normalize("NFKC"));
        const partials = characters.map((_, index) => characters.slice(0, index + 1).join(""));
        expectPerfect(text, [...partials, text]);
      }),
      { numRuns: 40 },
    );
  });
});

it("words joined by blanks are the same words again, but for numbers that meet", () => {
  fc.assert(
    fc.property(fc.oneof(textOf(MIXED), fc.string({ unit: "binary" })), (text) => {
      const words = spokenWords(text).filter((word) => !isWrittenNumber(word));
      expect(spokenWords(words.join(" "))).toEqual(words);
    }),
    { numRuns: 200 },
  );
});

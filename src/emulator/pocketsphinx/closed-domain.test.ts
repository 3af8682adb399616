import { expect, it } from "vitest";
import { closedDomain } from "./closed-domain.ts";

const DICTIONARY = "one W AH N\none(2) HH W AH N\npress P R EH S\nstar S T AA R\nunused Y UW\n";

/** Probabilities and weights of an ARPA file by words. */
function parse(arpa: string): Map<string, { p: number; weight: number | undefined }> {
  const lines = arpa.split("\n").filter((line) => /^-?\d+\.\d+ /.test(line));
  return new Map(
    lines.map((line) => {
      const parts = line.split(" ");
      const weight = Number(parts.at(-1));
      const hasWeight = !Number.isNaN(weight);
      const words = parts.slice(1, hasWeight ? -1 : undefined).join(" ");
      return [words, { p: 10 ** Number(parts[0]), weight: hasWeight ? 10 ** weight : undefined }];
    }),
  );
}

it("takes the dictionary's lines of its words, all pronunciations, and names what is missing", () => {
  const { dictionary, missing } = closedDomain(["Press one!", "press digium"], DICTIONARY);
  expect(dictionary).toBe("one W AH N\none(2) HH W AH N\npress P R EH S\n");
  expect(missing).toEqual(["digium"]);
});

it("discounts by a half and gives what is left to shorter histories", () => {
  const entries = parse(closedDomain(["press one", "press star"], DICTIONARY).arpa);
  // Six words counted: press 2, one 1, star 1, </s> 2.
  expect(entries.get("press")?.p).toBeCloseTo(2 / 6, 4);
  expect(entries.get("</s>")?.p).toBeCloseTo(2 / 6, 4);
  // (1 - 0.5) / 2, and half of the mass backs off: 0.5 * 2 / 2 = 0.5, of which 1/6 is "one".
  expect(entries.get("press")?.weight).toBeCloseTo(0.5, 4);
  expect(entries.get("press one")?.p).toBeCloseTo(0.25 + 0.5 / 6, 4);
  // (2 - 0.5) / 2 and 0.25 of 1/3.
  expect(entries.get("<s> press")?.p).toBeCloseTo(0.75 + 0.25 / 3, 4);
  expect(entries.get("<s> press one")?.p).toBeCloseTo(0.25 + 0.5 * (0.25 + 0.5 / 6), 4);
});

it("gives every history a whole of 1", () => {
  const texts = ["press one", "press star", "star star one press one", "one"];
  const entries = parse(closedDomain(texts, DICTIONARY).arpa);
  const words = ["one", "press", "star", "</s>"];
  const probability = (history: string[], word: string): number => {
    const listed = entries.get([...history, word].join(" "));
    if (listed) return listed.p;
    const weight = entries.get(history.join(" "))?.weight ?? 1;
    return weight * probability(history.slice(1), word);
  };
  for (const history of [[], ["press"], ["<s>"], ["star", "star"], ["<s>", "press"], ["one", "press"]]) {
    expect(words.reduce((total, word) => total + probability(history, word), 0)).toBeCloseTo(1, 3);
  }
});

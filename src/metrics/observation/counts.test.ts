import { expect, it } from "vitest";
import { sketch } from "../../../test/support/timeline.ts";
import { judged } from "./classify.ts";
import { addCounts, countSession, emptyCounts, EXAMPLES_KEPT } from "./counts.ts";

it("keeps the first examples of a class by number, over any number of workers", () => {
  const worker = (from: number, answers: readonly string[]): ReturnType<typeof emptyCounts> => {
    const counts = emptyCounts();
    answers.forEach((answer, index) => {
      countSession(counts, judged(sketch({ seq: from + index, said: [[1080, `${answer}.`]] })));
    });
    return counts;
  };
  const total = emptyCounts();
  const first = worker(7, ["one"]);
  addCounts(total, first);
  addCounts(total, worker(4, ["two", "three", "four"]));
  const failure = { phase: "flush", class: "truncated-transcript", origin: "server" };
  const example = { clip: "four-words", reference: "one two three four" };
  expect(EXAMPLES_KEPT).toBe(2);
  expect(total.failures).toEqual([
    {
      ...failure,
      count: 4,
      examples: [
        { ...example, seq: 4, answer: "two." },
        { ...example, seq: 5, answer: "three." },
      ],
    },
  ]);
  expect(first.failures[0]?.examples).toHaveLength(1);
});

it("has no examples of failures that are not of content", () => {
  const counts = emptyCounts();
  countSession(counts, sketch({ failure: { class: "unavailable" } }));
  expect(counts.failures).toEqual([{ phase: "streaming", class: "unavailable", origin: "server", count: 1 }]);
});

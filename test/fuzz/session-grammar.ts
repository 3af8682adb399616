/** Scripts of sessions (`session-script.ts`): the caller's messages are the dialect's, the rest is the same. */
import fc from "fast-check";

const number = fc.constantFrom(
  "0",
  "1",
  "-1",
  "0.1",
  "2.5",
  "1e30",
  '"NaN"',
  '"Infinity"',
  '"-Infinity"',
  "3600",
);

const answer = fc
  .record({
    final: fc.boolean(),
    text: fc.constantFrom("", "hello ", "\u0000\ud800", "x".repeat(3000)),
    processed: number,
    words: fc.boolean(),
  })
  .map(({ final, text, processed, words }) => {
    const more = words ? `,"words":["a","b"],"start":${processed},"end":1` : "";
    return `r {"final":${final},"text":${JSON.stringify(text)},"processed":${processed},"stability":${processed}${more}}`;
  });

const rest = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("o", "a", "a", "o") },
  { weight: 3, arbitrary: answer },
  {
    weight: 2,
    arbitrary: fc.constantFrom("z 3200", "z 3200", "z 1", "z 0", "z 262144", "z 300000", "b 52494646"),
  },
  { weight: 2, arbitrary: fc.constantFrom("w 100", "w 1000", "w 10000", "w 31000", "w 300000", "w 3600000") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "x unavailable",
      "x bad-config",
      "x deadline",
      "x internal",
      "x cancelled",
      "e",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "s",
      "k",
      "p",
      "g",
      "c 1000",
      "c 1006",
      "c 4999",
      "t",
      "t null",
      "t []",
      "t {}",
    ),
  },
);

/** @param text a message of the dialect */
export function sessionScript(first: readonly string[], text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const line = fc.oneof(
    { weight: 3, arbitrary: rest },
    { weight: 2, arbitrary: text.map((message) => `t ${message}`) },
  );
  return fc
    .tuple(fc.constantFrom(...first), fc.array(line, { maxLength: 14 }))
    .map(([start, lines]) => [start, ...lines].filter((one) => one !== "").join("\n"));
}

export const SESSION_WORDS: readonly string[] = [
  ..."\no\n|\na\n|\ne\n|\ns\n|\nk\n|\np\n|\ng\n|\nz 3200\n|\nw 1000\n|\nw 31000\n|\nx internal\n|\nx unavailable\n|\nc 1000\n".split(
    "|",
  ),
  '\nr {"final":true,"text":"hi","processed":"NaN"}\n',
  '\nr {"text":"hi","processed":1e30,"words":["a"],"start":"NaN","end":1}\n',
];

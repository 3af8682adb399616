import { expect, test } from "vitest";
import { parseDotEnv } from "./dot-env.ts";

test.each([
  ["A=b", "b"],
  ["  export A = b  ", "b"],
  ["A='b # c' # d", "b # c"],
  ['A="b"', "b"],
  ['A="b"   # c', "b"],
  ['A="b"c', '"b"c'],
  ['A="b', '"b'],
  ["A=b # c", "b"],
  ["A=b#c", "b#c"],
  ["A=#c", "#c"],
  ["A=", ""],
  ["A=b c", "b c"],
])("%s", (line, value) => {
  expect(Object.fromEntries(parseDotEnv(line))).toEqual({ A: value });
});

test.each(["=b", "1A=b", "A b", "# A=b", ""])("%j is no assignment", (line) => {
  expect(parseDotEnv(line).size).toBe(0);
});

test("a line of a million blanks takes no time", () => {
  const blanks = " ".repeat(1_000_000);
  expect(parseDotEnv(`${blanks}A${blanks}=${blanks}b${blanks}c${blanks}`).get("A")).toBe(`b${blanks}c`);
});

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseDotEnv, readEnvironment } from "./dot-env.ts";

test("the environment comes before .env; an empty variable is not set and hides nothing", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "riva-bench-test-"));
  writeFileSync(join(cwd, ".env"), "RIVA_HOST=from-file\nRIVA_PORT=1\nRIVA_SSL=\n");
  const environment = await readEnvironment({ RIVA_HOST: "", RIVA_PORT: "2", RIVA_SSL: "" }, cwd);
  expect(environment("RIVA_HOST")).toEqual({ value: "from-file", source: "RIVA_HOST in .env" });
  expect(environment("RIVA_PORT")).toEqual({ value: "2", source: "RIVA_PORT" });
  expect(environment("RIVA_SSL")).toBeUndefined();
});

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

import { expect, it } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import type { RunResult } from "./result.ts";
import { exitCode } from "./exit-code.ts";

const shard = { index: 1, count: 2, startAt: "2027-03-14T09:26:00.000Z" };
const ended = (verdict: RunResult["verdict"], run: Partial<RunResult["run"]> = {}): RunResult => ({
  ...PASSED,
  verdict,
  run: { ...PASSED.run, ...run },
});

it.each([
  ["pass", 0],
  ["fail", 3],
  ["inconclusive", 6],
  ["void", 5],
] as const)("a run that ends with %s: %i", (verdict, code) => {
  expect(exitCode(ended(verdict))).toBe(code);
  expect(exitCode(ended(verdict, { interrupted: true }))).toBe(130);
});

it.each([
  ["inconclusive", 0],
  ["fail", 3],
  ["void", 5],
] as const)("one shard of a run that ends with %s: %i", (verdict, code) => {
  expect(exitCode(ended(verdict, { shard }))).toBe(code);
});

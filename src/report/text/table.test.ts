import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { FAILED, PASSED, SAMPLES, VOIDED } from "../../../test/support/sample-result.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { renderTable } from "./table.ts";

function plain(result: RunResult): string {
  return renderTable(result, { color: false, folder: "results/run" });
}

describe("golden files", () => {
  test.each(SAMPLES)("%s", async (name, result) => {
    await expect(plain(result)).toMatchFileSnapshot(`../../../test/golden/run-${name}.txt`);
  });
});

test("color adds nothing but color", () => {
  const colored = renderTable(FAILED, { color: true, folder: "results/run" });
  expect(colored).toContain("\u001b[31mFAIL\u001b[0m");
  expect(stripVTControlCharacters(colored)).toBe(plain(FAILED));
});

test("an emulated target is called so beside its name and below the figures", () => {
  expect(plain(PASSED)).toContain("emulator-nim (emulated, ");
  expect(plain(PASSED)).toContain("say nothing of any real server");
  expect(plain(FAILED)).not.toContain("emulated");
});

test("a void run passes nothing", () => {
  const slos = plain(VOIDED)
    .split("\n")
    .filter((line) => /^(\w+ p95|error_ratio|target_alive)/.test(line));
  expect(slos).toHaveLength(4);
  for (const line of slos) expect(line).toMatch(/not judged$/);
});

test("p99.9 stands only where something certifies it", () => {
  const certain = { ...PASSED.metrics["final_from_close"]!, certified: ["p50", "p90", "p95", "p99", "p999"] };
  const many = { ...PASSED, metrics: { final_from_close: certain } };
  expect(plain(PASSED)).not.toContain("p99.9");
  expect(plain(many)).toContain("p99.9");
  expect(plain(many)).not.toContain("~");
});

test("a name does not speak to the terminal", () => {
  const target = { ...PASSED.target, name: "a\u001b]0;owned\u0007b", model: "\u001b[2Jm" };
  expect(plain({ ...PASSED, target })).not.toMatch(/[\u001b\u0007]/);
});

import { describe, expect, test } from "vitest";
import { hostile } from "../../../test/support/hostile-result.ts";
import { FAILED, PASSED, SAMPLES, VOIDED } from "../../../test/support/sample-result.ts";
import { renderMarkdown } from "./markdown.ts";

describe("golden files", () => {
  test.each(SAMPLES)("%s", async (name, result) => {
    await expect(renderMarkdown(result)).toMatchFileSnapshot(`../../../test/golden/run-${name}.md`);
  });
});

test("the verdict comes first, emulated beside the target", () => {
  expect(renderMarkdown(PASSED)).toMatch(
    /^## ✅ PASS: concurrency-50 against emulator-nim \(emulated\)\n\nThe run is valid/,
  );
  expect(renderMarkdown(FAILED)).not.toMatch(/emulated/i);
});

test("a void run passes nothing", () => {
  expect(renderMarkdown(VOIDED)).toContain("| `error_ratio < 1%` | 0.00 % | – not judged |");
  expect(renderMarkdown(VOIDED)).not.toContain("✅");
});

test.each(SAMPLES)("%s with hostile names has the same lines and cells, and no tag", (_, result) => {
  const shape = (text: string): number[] => text.split("\n").map((line) => line.split(/(?<!\\)\|/).length);
  const [evil, good] = [renderMarkdown(hostile(result)), renderMarkdown(result)];
  expect(shape(evil)).toEqual(shape(good));
  expect(evil.replaceAll(/`[^`\n]*`/g, "")).not.toContain("<");
});

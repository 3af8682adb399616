/** A recogniser that stands in for the product is named wherever its figures are, as loudly as the emulator. */
import { expect, it } from "vitest";
import { PASSED } from "../../test/support/sample-result.ts";
import { whyNotComparable } from "../metrics/judge/regression.ts";
import { parseRunResult } from "../metrics/result/read-result.ts";
import type { RunResult } from "../metrics/result/result.ts";
import { renderHtml } from "./html/html.ts";
import { renderCsv } from "./text/csv.ts";
import { renderJunit } from "./text/junit.ts";
import { renderMarkdown } from "./text/markdown.ts";
import { renderTable } from "./text/table.ts";
import { runTitle } from "./words/wording.ts";

const { server, ...target } = PASSED.target;
const ofStandIn: RunResult = {
  ...PASSED,
  target: {
    ...target,
    ...(server && { server }),
    emulated: false,
    standIn: "PocketSphinx, CPU, closed-domain",
  },
};
const WORD = "stand-in: PocketSphinx, CPU, closed-domain";
const NOTE = "its accuracy and its speed say nothing of Riva or a NIM";

it("in a stored result, which is read back as it was", () => {
  expect(parseRunResult(JSON.stringify(ofStandIn), "x").target).toEqual(ofStandIn.target);
  expect(parseRunResult(JSON.stringify(PASSED), "x").target.standIn).toBeUndefined();
});

it.each([
  ["table", (result: RunResult) => renderTable(result, { color: false }), WORD],
  ["markdown", renderMarkdown, "**Stand-in: PocketSphinx, CPU, closed-domain**"],
  ["JUnit", (result: RunResult) => renderJunit([result]), WORD],
  ["page", renderHtml, `<span class="emulated">${WORD.toUpperCase()}</span>`],
] as const)("in the %s, with what follows from it", (_name, render, word) => {
  const text = render(ofStandIn);
  expect(text).toContain(word);
  expect(text).toContain(NOTE);
  expect(text).not.toMatch(/emulated: |EMULATED|Emulated/);
  expect(render(PASSED)).not.toContain("tand-in:");
});

it("in the CSV, beside true and false, and in titles", () => {
  expect(renderCsv([ofStandIn])).toContain(`,"${WORD}",`);
  expect(renderCsv([PASSED])).toContain(",true,");
  expect(runTitle(ofStandIn)).toBe(`concurrency-50 against emulator-nim (${WORD})`);
});

it("is no baseline for another one", () => {
  const other = { ...ofStandIn, run: { ...ofStandIn.run, id: "2025-03-14T09-26-53-concurrency-50-ffff" } };
  expect(whyNotComparable({ ...other, target: { ...other.target, standIn: "other" } }, ofStandIn)).toContain(
    "another stand-in",
  );
});

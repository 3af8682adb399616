import { expect, test } from "vitest";
import { HOSTILE, hostile } from "../../../test/support/hostile-result.ts";
import { FAILED, PASSED } from "../../../test/support/sample-result.ts";
import { renderCsv } from "./csv.ts";

/** A reader of RFC 4180, written apart from the writer: cells by line. */
function parse(text: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\n") lines.push([]);
  }
  return lines.slice(0, -1);
}

test("one figure a line, under the same head in every run", () => {
  const [head = [], ...lines] = parse(renderCsv([PASSED, FAILED]));
  expect(new Set(lines.map((line) => line.length))).toEqual(new Set([head.length]));
  const figure = (run: string, metric: string, statistic: string): string[][] =>
    lines
      .filter((line) => line[5] === run && line[7] === metric && line[9] === statistic)
      .map((line) => line.slice(8));
  expect(figure("pass", "first_partial_from_onset", "p95")).toEqual([["ms", "p95", "438", "true"]]);
  expect(figure("fail", "first_partial_from_onset", "p95")).toEqual([["ms", "p95", "981", "true"]]);
  expect(figure("pass", "first_partial_from_onset", "p999")).toEqual([["ms", "p999", "610", "false"]]);
  expect(figure("pass", "response_latency", "sessions")).toEqual([["count", "sessions", "358", ""]]);
  expect(figure("pass", "rtfx", "value")).toEqual([["x", "value", "43.72", ""]]);
  expect(figure("fail", "sessions", "failed")).toEqual([["count", "failed", "33", ""]]);
});

test("stages stand apart from the whole window", () => {
  const byStage = { "rate 5": { error_ratio: { unit: "ratio", count: 9, value: 0.25 } } } as const;
  const lines = parse(renderCsv([{ ...PASSED, byStage }]));
  expect(lines.filter((line) => line[6] === "rate 5").map((line) => line.slice(7))).toEqual([
    ["error_ratio", "ratio", "value", "0.25", ""],
    ["error_ratio", "count", "count", "9", ""],
  ]);
});

test("hostile names stay in their cells and are no formula", () => {
  const [, line] = parse(renderCsv([hostile(PASSED)]));
  expect(line?.[3]).toBe(HOSTILE);
  const formula = { ...PASSED, target: { ...PASSED.target, name: '=HYPERLINK("x")' } };
  expect(parse(renderCsv([formula]))[1]?.[3]).toBe('\'=HYPERLINK("x")');
});

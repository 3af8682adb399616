import { expect, test } from "vitest";
import type { Chart } from "./chart.ts";
import { renderChart } from "./chart.ts";
import { textOf } from "../words/markup.ts";

/** Seconds 0, 1, 2 ... with these values of one series. */
function chart(values: (number | undefined)[], rest: Partial<Chart> = {}): string {
  const points = values.map((value, second) => ({
    fromMs: second * 1000,
    toMs: (second + 1) * 1000,
    values: [value],
  }));
  return textOf(
    renderChart({
      id: "c",
      title: "T",
      unit: "ms",
      series: ["p50"],
      drawn: "lines",
      points,
      spans: [],
      ...rest,
    }),
  );
}

/** The path of the first series. */
function path(svg: string): string | undefined {
  return /<path class="(?:line|bar) s0" d="([^"]*)"/.exec(svg)?.[1];
}

test("a line runs through the middle of each second, zero at the bottom", () => {
  // Plot: x 40 to 350 over 2 s, y 158 to 20 over 0 to 100.
  expect(path(chart([0, 90]))).toBe("M117.5 158h0L272.5 33.8");
});

test("a second without a value breaks the line, a lone value is a dot", () => {
  expect(path(chart([10, undefined, 10, 10]))?.replaceAll(/[\d.]+ [\d.]+/g, "p")).toBe("Mph0Mph0Lp");
});

test("bars stand on zero and only where there is something", () => {
  expect(path(chart([0, 90, 0], { drawn: "bars" }))).toBe("M143.33 158V33.8H246.67V158Z");
});

test("values below zero are drawn below zero", () => {
  const svg = chart([-40, 90]);
  expect(svg).toContain(">-50</text>");
  expect(path(svg)).not.toContain("NaN");
});

test("says in words what it shows", () => {
  expect(chart([312, undefined, 401.5])).toContain(
    '<desc id="c-desc">Over the time of the run. p50: 312 to 401.5 ms.</desc>',
  );
  expect(chart([5, 5])).toContain("p50: always 5 ms.");
  expect(chart([undefined])).toContain("p50: nothing measured.");
});

test("shades what is not judged, and labels it where there is room", () => {
  const svg = chart([1, 1, 1, 1], {
    spans: [
      { label: "warm-up", fromMs: 0, toMs: 2000 },
      { label: "drain", fromMs: 3900, toMs: 4000 },
      { label: "none", fromMs: 4000, toMs: 4000 },
    ],
  });
  expect(svg.match(/class="shade" x="[\d.]+" y="20" width="[\d.]+"/g)).toEqual([
    'class="shade" x="40" y="20" width="155"',
    'class="shade" x="342.25" y="20" width="7.75"',
  ]);
  expect(svg).toContain(">warm-up<");
  expect(svg).not.toContain(">drain<");
});

test("no points are no error", () => {
  expect(path(chart([]))).toBe("");
});

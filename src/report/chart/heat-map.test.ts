import { expect, test } from "vitest";
import { heatMapFigure } from "./heat-map.ts";
import { textOf } from "../words/markup.ts";
import { heatRow } from "../../metrics/result/session-digest.ts";

const MAP = {
  metric: "final_from_speech_end",
  columnMs: 1000,
  cells: [
    [0, heatRow(100), 1],
    [1, heatRow(100), 16],
    [1, heatRow(400), 4],
  ],
} as const;

test("the fullest cell is darkest, a single session still seen", () => {
  const svg = textOf(heatMapFigure(MAP, "Final", [])!);
  const level = (n: number): number =>
    (new RegExp(`heat h${n}" d="([^"]*)"`).exec(svg)?.[1] ?? "").split("M").length - 1;
  expect([0, 1, 2, 3, 4].map(level)).toEqual([1, 0, 1, 0, 1]);
  expect(svg).toContain("16 sessions");
  expect(svg).toContain("latencies from 100 to 464 ms");
});

test("latencies stand at their height on a logarithmic axis", () => {
  const svg = textOf(heatMapFigure(MAP, "Final", [])!);
  const y = (ms: number): number =>
    Number(new RegExp(`H530"/><text x="36" y="([\\d.]+)" class="end">${ms}<`).exec(svg)?.[1]);
  expect(y(100) - y(200)).toBeCloseTo((Math.log(2) / Math.log(2.5)) * (y(200) - y(500)), 0);
});

test.each([
  [280, 300],
  [90, 110],
  [1, 60_000],
])("from %d to %d ms there are ticks enough to read a scale, and not too many", (fromMs, toMs) => {
  const cells = [[0, heatRow(fromMs), 1] as const, [1, heatRow(toMs), 1] as const];
  const svg = textOf(heatMapFigure({ ...MAP, cells }, "Final", [])!);
  const ticks = svg.match(/H530"\/>/g) ?? [];
  expect(ticks.length).toBeGreaterThanOrEqual(3);
  expect(ticks.length).toBeLessThanOrEqual(9);
});

test("what is not judged is shaded; there is no map of nothing", () => {
  expect(textOf(heatMapFigure(MAP, "Final", [{ label: "drain", fromMs: 500, toMs: 2000 }])!)).toContain(
    ">drain<",
  );
  expect(heatMapFigure({ ...MAP, cells: [] }, "Final", [])).toBeUndefined();
});

import { expect, test } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import { Histogram } from "../../metrics/record/histogram.ts";
import type { RunResult, Summary } from "../../metrics/result/result.ts";
import { textOf } from "../words/markup.ts";
import { percentilePlot } from "./percentile-plot.ts";

/** A thousand sessions of 1 to 1000 ms, certified as far as p90. */
function result(slos: RunResult["slos"] = []): RunResult {
  const histogram = new Histogram(1000);
  for (let ms = 1; ms <= 1000; ms++) histogram.record(ms);
  const certified = ["p50", "p90"];
  const summary: Summary = { unit: "ms", count: 1000, certified, histogram: histogram.encode() };
  return { ...PASSED, slos, metrics: { final_from_close: summary } };
}

const ROWS = [["final_from_close", "final"]] as const;

function points(svg: string, name: string): [number, number][] {
  const [, d = ""] = new RegExp(`class="${name}" d="([^"]*)"`).exec(svg) ?? [];
  return [...d.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

test("every nine takes the same room, solid as far as certified", () => {
  const svg = textOf(percentilePlot(result(), ROWS)!);
  // Three nines on x 40 to 530; latency 0 to 1500 on y 238 to 20.
  const solid = points(svg, "line s0");
  const dashed = points(svg, "line beyond s0");
  expect(solid.at(-1)?.[0]).toBeCloseTo(40 + 490 / 3, 0);
  expect(solid.at(-1)?.[1]).toBeCloseTo(238 - (900 / 1500) * 218, 0);
  expect(dashed[0]).toEqual(solid.at(-1));
  expect(dashed.at(-1)?.[0]).toBe(530);
  expect(dashed.at(-1)?.[1]).toBeCloseTo(238 - (1000 / 1500) * 218, 0);
  expect(svg.match(/>p[\d.]+</g)).toEqual([">p50<", ">p90<", ">p99<", ">p99.9<"]);
});

test("an SLO ends at its percentile, at its limit", () => {
  const slo = { name: "final_from_close p90 < 1400ms", verdict: "pass", limit: "< 1400ms" } as const;
  const svg = textOf(percentilePlot(result([slo]), ROWS)!);
  expect(svg).toContain("p90 &lt; 1400ms");
  expect(/class="limit s0" d="M40 ([\d.]+)H([\d.]+)/.exec(svg)?.slice(1).map(Number)).toEqual([
    expect.closeTo(238 - (1400 / 1500) * 218, 0),
    expect.closeTo(40 + 490 / 3, 0),
  ]);
});

test("one far beyond all values is left out, so that they can be told apart", () => {
  const slo = { name: "final_from_close p90 < 9000ms", verdict: "pass", limit: "< 9000ms" } as const;
  expect(textOf(percentilePlot(result([slo]), ROWS)!)).not.toContain("9000");
});

test("there is no plot of nothing", () => {
  expect(percentilePlot({ ...PASSED, metrics: {} }, ROWS)).toBeUndefined();
});

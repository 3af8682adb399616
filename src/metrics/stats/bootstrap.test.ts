import { expect, test } from "vitest";
import { randomStream } from "../../base/random.ts";
import { quantileDifferences } from "./bootstrap.ts";

const PAIRS = Array.from({ length: 8 }, (_, pair) => ({
  baseline: Array.from({ length: 100 }, (_, i) => 100 + i + pair),
  candidate: Array.from({ length: 100 }, (_, i) => 150 + i + pair),
}));

test("a shift of all values is the same difference at every quantile, inside its band", () => {
  const found = quantileDifferences(PAIRS, [0.1, 0.5, 0.9], randomStream(1, "band"));
  expect(found.map(({ p, difference }) => [p, difference])).toEqual([
    [0.1, 50],
    [0.5, 50],
    [0.9, 50],
  ]);
  for (const { low, high } of found) {
    expect(low).toBeLessThan(50);
    expect(high).toBeGreaterThan(50);
    expect(high - low).toBeLessThan(40);
  }
});

test("pairs without values on both sides are left out, and the same seed draws the same", () => {
  const more = [...PAIRS, { baseline: [], candidate: [9999] }];
  const draw = () => quantileDifferences(more, [0.5], randomStream(1, "band"));
  expect(draw()).toEqual(quantileDifferences(PAIRS, [0.5], randomStream(1, "band")));
  expect(quantileDifferences([], [0.5], randomStream(1, "band"))).toEqual([]);
});

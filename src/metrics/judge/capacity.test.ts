import { describe, expect, test } from "vitest";
import { randomStream } from "../../base/random.ts";
import type { Probe } from "./capacity.ts";
import { bindingOf, intervalOf, levelsOf, nextLevel, nonMonotone, risingBacklog } from "./capacity.ts";

function probe(
  streams: number,
  sessions: number,
  good: number,
  verdict: Probe["verdict"],
  broke?: string,
): Probe {
  return {
    ...{ streams, kind: "long", verdict, sessions, good, seconds: 30, run: "", figures: {} },
    ...(broke === undefined ? {} : { broke }),
  };
}

test("probes of a level add up, void ones count for nothing, contradictions belong to neither end", () => {
  const levels = levelsOf(
    [
      probe(10, 60, 60, "undecided"),
      probe(10, 60, 60, "undecided"),
      probe(20, 100, 100, "pass"),
      probe(20, 100, 40, "fail"),
      probe(30, 100, 0, "fail"),
      probe(40, 100, 0, "void"),
    ],
    0.05,
  );
  expect(levels.map(({ streams, status, certified }) => [streams, status, certified])).toEqual([
    [10, "pass", true],
    [20, "mixed", false],
    [30, "fail", true],
  ]);
  expect(intervalOf(levels)).toEqual([10, 30]);
});

test("a pass above a fail is no end, and is told when chance does not explain it", () => {
  const levels = levelsOf(
    [probe(10, 100, 100, "pass"), probe(20, 100, 30, "fail"), probe(30, 100, 99, "pass")],
    0.05,
  );
  expect(intervalOf(levels)).toEqual([10, 20]);
  expect(nonMonotone(levels)).toEqual([30]);
});

test("the next level lies inside the bracket, or there is none", () => {
  const levels = levelsOf([probe(40, 100, 100, "pass"), probe(80, 100, 0, "fail")], 0.05);
  const next = nextLevel(levels, 0.05, 40, 80) ?? 0;
  expect(next).toBeGreaterThan(40);
  expect(next).toBeLessThan(80);
  expect(nextLevel(levels, 0.05, 79, 80)).toBeUndefined();
});

test("what binds is what broke at the lowest level that failed", () => {
  const probes = [probe(80, 100, 0, "fail", "a"), probe(60, 100, 0, "fail", "b"), probe(9, 9, 9, "pass")];
  expect(bindingOf(probes)).toBe("b");
  expect(bindingOf([])).toBeUndefined();
  const open = { slo: "wer < 8%", breaks: true };
  expect(bindingOf([{ ...probe(1, 10, 10, "void"), open }])).toBeUndefined();
  expect(bindingOf([{ ...probe(2, 10, 10, "undecided"), open }])).toBe("wer < 8%");
});

describe("a rising backlog", () => {
  const slopes = (rise: number): number[] => {
    const random = randomStream(1, `slopes ${rise}`);
    return Array.from({ length: 40 }, () => rise + 0.02 * (random() - 0.5));
  };
  test("shows at 1 % of overload, not without one, and never from four sessions", () => {
    expect(risingBacklog(slopes(0.01))).toBeCloseTo(0.01, 2);
    expect(risingBacklog(slopes(0))).toBeUndefined();
    expect(risingBacklog([1, 1, 1, 1])).toBeUndefined();
  });
});

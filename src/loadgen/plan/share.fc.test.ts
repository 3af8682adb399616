import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Share } from "./share.ts";
import { belongsTo, numbersOf, shareOf, shareOfWhole, sharesByWeight, splitShare } from "./share.ts";

const NUMBERS = Array.from({ length: 300 }, (_, number) => number);
const manyWeights = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 9 });

function takersOf(number: number, shares: readonly Share[]): number {
  return shares.filter((share) => belongsTo(share)(number)).length;
}

describe("shares", () => {
  it("deals every number once, however many processes each part has", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }), (workersOf) => {
        const of = workersOf.length;
        const parts = workersOf.map((workers, index) => splitShare(shareOf({ index, of }), workers));
        for (const number of NUMBERS) {
          expect(takersOf(number, parts.flat())).toBe(1);
          // The part is that of the machine, whatever goes on inside it.
          expect(takersOf(number, parts[number % of] ?? [])).toBe(1);
        }
      }),
    );
  });

  it("by weight: every number is dealt once, in proportion at every moment, and processes split what they get", () => {
    fc.assert(
      fc.property(manyWeights, fc.integer({ min: 1, max: 7 }), (weights, processes) => {
        const shares = sharesByWeight(weights);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const split = shares.flatMap((share) => splitShare(share, processes));
        for (const number of NUMBERS) {
          expect(takersOf(number, shares)).toBe(1);
          expect(takersOf(number, split)).toBe(1);
        }
        for (const [index, share] of shares.entries()) {
          expect(shareOfWhole(share)).toBeCloseTo((weights[index] ?? 0) / total, 12);
          for (const below of [1, 10, 50, 300]) {
            const fair = (below * (weights[index] ?? 0)) / total;
            expect(Math.abs(numbersOf(share, below).length - fair)).toBeLessThan(weights.length);
          }
        }
        const sizes = shares.map((share) =>
          splitShare(share, processes).map(({ remainders }) => remainders.length),
        );
        for (const size of sizes) expect(Math.max(...size) - Math.min(...size)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("equal weights deal every n-th number, whatever the weight is", () => {
    for (const weight of [1, 2, 16])
      expect(sharesByWeight([weight, weight, weight])).toEqual(
        [0, 1, 2].map((index) => shareOf({ index, of: 3 })),
      );
  });

  it("by value: a machine twice as large, a share split into processes", () => {
    expect(sharesByWeight([2, 1])).toEqual([
      { of: 3, remainders: [0, 2] },
      { of: 3, remainders: [1] },
    ]);
    expect(splitShare({ of: 3, remainders: [0, 2] }, 2)).toEqual([
      { of: 3, remainders: [0] },
      { of: 3, remainders: [2] },
    ]);
    expect(splitShare({ of: 3, remainders: [1] }, 2)).toEqual([
      { of: 6, remainders: [1] },
      { of: 6, remainders: [4] },
    ]);
    expect(numbersOf({ of: 3, remainders: [0, 2] }, 8)).toEqual([0, 2, 3, 5, 6]);
  });

  it("deals to a thousand machines of many sizes in no time", () => {
    const weights = Array.from({ length: 1000 }, (_, index) => (index % 64) + 1);
    const startedMs = performance.now();
    const shares = sharesByWeight(weights);
    expect(performance.now() - startedMs).toBeLessThan(5000);
    expect(shares.map(({ remainders }) => remainders.length)).toEqual(weights);
  });
});

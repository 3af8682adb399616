import fc from "fast-check";
import { expect, test } from "vitest";
import { axisTicks } from "./chart-scale.ts";

test("ticks cover the range, hold zero, rise evenly and are few", () => {
  const size = fc.double({ min: 0, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(
      size,
      size,
      fc.integer({ min: 2, max: 10 }),
      fc.constantFrom(0, 1),
      (below, above, most, least) => {
        const ticks = axisTicks(-below, above, most, least);
        const [first = NaN, second = NaN] = ticks;
        const step = second - first;
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(most + 1);
        expect(ticks).toContain(0);
        expect(first).toBeLessThanOrEqual(-below + step * 1e-6);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(above - step * 1e-6);
        ticks
          .slice(1)
          .forEach((tick, index) => expect((tick - (ticks[index] ?? NaN)) / step).toBeCloseTo(1, 6));
      },
    ),
  );
});

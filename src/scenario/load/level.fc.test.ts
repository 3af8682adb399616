import fc from "fast-check";
import { expect, test } from "vitest";
import { randomStream } from "../../base/random.ts";
import type { Segment } from "./level.ts";
import { activeSpans, levelAt, meanLevel, plannedStarts } from "./level.ts";

const rate = fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 50, noNaN: true }));

/** Up to six stretches, straight or sloping, even or Poisson, that end after at most a minute. */
const shapes: fc.Arbitrary<Segment[]> = fc
  .array(
    fc.record({ ms: fc.integer({ min: 1, max: 10_000 }), from: rate, to: rate, poisson: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((pieces) => {
    let fromMs = 0;
    return pieces.map(({ ms, from, to, poisson }) => {
      const segment: Segment = { fromMs, toMs: fromMs + ms, from, to, spacing: poisson ? "poisson" : "even" };
      fromMs += ms;
      return segment;
    });
  });

test("starts are in order, within the load, where the rate is above nothing", () => {
  fc.assert(
    fc.property(shapes, fc.integer(), (segments, seed) => {
      const endMs = segments.at(-1)?.toMs ?? 0;
      let last = 0;
      for (const ms of plannedStarts(segments, randomStream(seed, "starts"))) {
        expect(ms).toBeGreaterThanOrEqual(last);
        expect(ms).toBeLessThanOrEqual(endMs);
        const { from, to } = segments.findLast(({ fromMs }) => fromMs <= ms) ?? { from: 0, to: 0 };
        expect(from + to).toBeGreaterThan(0);
        last = ms;
      }
    }),
  );
});

test("even spacing plans the integral of the rate, to the next whole session", () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const segments = shape.map((segment) => ({ ...segment, spacing: "even" as const }));
      const endMs = segments.at(-1)?.toMs ?? 0;
      const expected = (meanLevel(segments, 0, endMs) * endMs) / 1000;
      const planned = [...plannedStarts(segments, () => 0)].length;
      expect(Math.abs(planned - expected)).toBeLessThan(1 + 1e-6);
    }),
  );
});

test("at every instant the callers that are in are as many as the level, rounded up", () => {
  fc.assert(
    fc.property(shapes, fc.double({ min: 0, max: 1, noNaN: true }), (segments, share) => {
      const atMs = share * (segments.at(-1)?.toMs ?? 0);
      const level = levelAt(segments, atMs);
      // On a bound, or where the level is a whole number for an instant, either count is right.
      fc.pre(Math.abs(level - Math.round(level)) > 1e-6);
      const isIn = (slot: number): boolean =>
        activeSpans(segments, slot).some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
      const count = Array.from({ length: 51 }, (_, slot) => slot).filter(isIn).length;
      expect(count).toBe(Math.ceil(level));
    }),
  );
});

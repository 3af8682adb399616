import fc from "fast-check";
import { encodeIntoCompressedBase64, Int32Histogram } from "hdr-histogram-js";
import { expect, it } from "vitest";
import { Histogram, type HistogramCounts } from "./histogram.ts";

const values = fc.array(fc.double({ min: -5e6, max: 5e6, noNaN: true }), { maxLength: 60 });

function of(items: readonly number[]): Histogram {
  const histogram = new Histogram(1000);
  for (const value of items) histogram.record(value);
  return histogram;
}

/** All that can be read of it. */
function readings(histogram: Histogram): unknown {
  const { count, negatives, overflows, min, max, mean } = histogram;
  const percentiles = [0, 1, 50, 90, 95, 99, 99.9, 100].map((percent) => histogram.percentile(percent));
  return { count, negatives, overflows, min, max, mean, percentiles, text: histogram.encode() };
}

it("merging parts is recording the whole", () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const merged = of(a);
      merged.add(of(b));
      expect(readings(merged)).toEqual(readings(of([...a, ...b])));
    }),
  );
});

it("decoding what was encoded gives the same histogram", () => {
  fc.assert(
    fc.property(values, (items) => {
      const histogram = of(items);
      expect(readings(Histogram.decode(histogram.encode(), 1000))).toEqual(readings(histogram));
    }),
  );
});

it("what it holds travels as plain JSON and adds up to the same", () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const sum = of(a);
      sum.addCounts(JSON.parse(JSON.stringify(of(b).toCounts())) as HistogramCounts);
      expect(readings(sum)).toEqual(readings(of([...a, ...b])));
    }),
  );
});

it("holds nothing of before its reset", () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const histogram = of(a);
      readings(histogram);
      histogram.reset();
      for (const value of b) histogram.record(value);
      expect(readings(histogram)).toEqual(readings(of(b)));
    }),
  );
});

it("counts how many values are at or below each bound", () => {
  const bounds = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -2000, max: 2000 })), bounds, (ticks, edges) => {
      const rising = edges.sort((a, b) => a - b);
      expect(of(ticks.map((tick) => tick / 1000)).countsAtMost(rising.map((edge) => edge / 1000))).toEqual(
        rising.map((edge) => ticks.filter((tick) => tick <= edge).length),
      );
    }),
  );
});

it("percentiles are the nearest rank within three digits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -3_000_000, max: 3_000_000 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 100 }),
      (items, percent) => {
        const sorted = [...items].sort((a, b) => a - b);
        const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? NaN;
        const read = of(items).percentile(percent) ?? NaN;
        expect(Math.abs(read - exact)).toBeLessThanOrEqual(Math.abs(exact) / 1000 + 0.001);
      },
    ),
  );
});

it("counts as the library itself would", () => {
  const ticks = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 3_600_000_000 }));
  fc.assert(
    fc.property(fc.array(ticks, { maxLength: 60 }), (items) => {
      const reference = new Int32Histogram(1, 3_600_000_000, 3);
      for (const item of items) reference.recordValue(item);
      expect(of(items.map((item) => item / 1000)).encode()).toBe(encodeIntoCompressedBase64(reference));
    }),
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkEndMs, dueAfterMs, dueAudioMs, recordedAfterMs } from "./due-time.ts";

const audio = { chunkMs: 100, audioMs: 350, pace: 1 };

describe("dueAfterMs", () => {
  test("a chunk is due when its last sample is recorded; the last chunk may be short", () => {
    expect([0, 1, 2, 3].map((k) => dueAfterMs(audio, k))).toEqual([100, 200, 300, 350]);
  });

  test("pace shortens the wait, and without a pace everything is due at once", () => {
    expect([0, 3].map((k) => dueAfterMs({ ...audio, pace: 2 }, k))).toEqual([50, 175]);
    expect([0, 3].map((k) => dueAfterMs({ ...audio, pace: Infinity }, k))).toEqual([0, 0]);
  });

  test("a mute delays the chunks recorded after it, and no earlier one", () => {
    expect([0, 1, 2, 3].map((k) => dueAfterMs(audio, k, { chunk: 2, ms: 1000 }))).toEqual([
      100, 200, 1300, 1350,
    ]);
    expect(dueAfterMs(audio, 0, { chunk: 0, ms: 1000 })).toBe(1100);
  });
});

test("recordedAfterMs places a position inside a chunk: the mute counts from the first sample after it", () => {
  const mute = { chunk: 2, ms: 1000 };
  expect([200, 201, 250].map((ms) => recordedAfterMs(ms, 1, 100, mute))).toEqual([200, 1201, 1250]);
});

test("dueAudioMs is the inverse of dueAfterMs: right at its due time a chunk counts, a moment before it does not", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 500 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 100 }),
      fc.constantFrom(0.5, 1, 2),
      fc.option(fc.record({ chunk: fc.nat(39), ms: fc.integer({ min: 1, max: 5000 }) }), { nil: undefined }),
      (chunkMs, chunks, lastPercent, pace, mute) => {
        const audioMs = (chunks - 1) * chunkMs + (chunkMs * lastPercent) / 100;
        const spoken = { chunkMs, audioMs, pace };
        for (let k = 0; k < chunks; k++) {
          const afterMs = dueAfterMs(spoken, k, mute);
          expect(dueAudioMs(spoken, afterMs + 1e-6, mute)).toBe(chunkEndMs(chunkMs, audioMs, k));
          expect(dueAudioMs(spoken, afterMs - 1e-3, mute)).toBeLessThan(chunkEndMs(chunkMs, audioMs, k));
        }
      },
    ),
  );
});

import { describe, expect, it } from "vitest";
import { randomStream } from "../../base/random.ts";
import type { Condition } from "../../scenario/conditions.ts";
import type { FaultPlan } from "./fault-plan.ts";
import { faultPlan } from "./fault-plan.ts";

/** Ten chunks of 100 ms. */
const AUDIO = { chunks: 10, chunkMs: 100, audioMs: 1000, pace: 1 };

/** Draws these numbers, then 0.5 for ever. The first two are the instants of mute and of leaving. */
function drawing(...numbers: number[]): () => number {
  let next = 0;
  return () => numbers[next++] ?? 0.5;
}

/** The draw that `exponential` turns into `mean` times this. */
const times = (factor: number): number => 1 - Math.exp(-factor);

function plan(condition: Omit<Condition, "name" | "share">, ...draws: number[]): FaultPlan {
  return faultPlan({ name: "c", share: 1, ...condition }, drawing(0, 0, ...draws), AUDIO);
}

describe("on the way to the socket", () => {
  it("a stall holds what is due in it, and lets all of it go at its end", () => {
    const { delayMs } = plan({ stall: { everyMs: 1000, forMs: 300 } }, times(0.25), times(100));
    // From 250 to 550 ms: chunks due at 300, 400 and 500 ms.
    expect(Array.from(delayMs ?? []).map((ms) => Math.round(ms))).toEqual([
      0, 0, 250, 150, 50, 0, 0, 0, 0, 0,
    ]);
  });

  it("a stall that begins before the end of the audio may outlast it", () => {
    const { delayMs } = plan({ stall: { everyMs: 1000, forMs: 300 } }, times(0.95), times(100));
    expect(Math.round(delayMs?.[9] ?? NaN)).toBe(250);
  });

  it("jitter is cut at its limit, and a late chunk holds the next one", () => {
    const jitter = { meanMs: 10, maxMs: 150 };
    const { delayMs } = plan({ jitter }, times(1), times(30), times(0), times(0), 0, 0, 0, 0, 0, 0);
    expect(Array.from(delayMs ?? []).map((ms) => Math.round(ms))).toEqual([10, 150, 50, 0, 0, 0, 0, 0, 0, 0]);
  });
});

it("loss takes as many chunks as fit its length, at least one, from the one it begins in", () => {
  expect(plan({ loss: { everyMs: 1000, forMs: 210 } }, times(0.35), times(100)).lost).toEqual([3, 4]);
  expect(plan({ loss: { everyMs: 1000, forMs: 1 } }, times(0.35), times(100)).lost).toEqual([3]);
});

it("a mute comes before the first chunk that is not yet complete, and moves the audio after it", () => {
  const after = { fromMs: 320, toMs: 320 };
  expect(plan({ mute: { after, forMs: 7000 } }).mute).toEqual({ chunk: 3, ms: 7000 });
  // It counts in what comes later: the caller hangs up in the silence.
  const both = plan({ mute: { after, forMs: 7000 }, hangUp: { after: { fromMs: 5000, toMs: 5000 } } });
  expect(both).toMatchObject({ mute: { chunk: 3 }, hangUpMs: 5000 });
});

it("instants are drawn from their range, and pulled into the call", () => {
  const hangUp = { after: { fromMs: 200, toMs: 600 } };
  const at = (draw: number, range = hangUp.after): number | undefined =>
    faultPlan({ name: "c", share: 1, hangUp: { after: range } }, drawing(0, draw), AUDIO).hangUpMs;
  expect(at(0)).toBe(200);
  expect(at(0.75)).toBe(500);
  expect(at(0, { fromMs: 60_000, toMs: 60_000 })).toBe(900);
});

it("stalls come as often as asked for, over many sessions", () => {
  let stalled = 0;
  for (let seed = 0; seed < 400; seed++) {
    const { delayMs } = faultPlan(
      { name: "c", share: 1, stall: { everyMs: 5000, forMs: 200 } },
      randomStream(seed, "faults"),
      { chunks: 500, chunkMs: 20, audioMs: 10_000, pace: 1 },
    );
    for (let k = 1; k < 500; k++) if ((delayMs?.[k] ?? 0) > 0 && delayMs?.[k - 1] === 0) stalled++;
  }
  // Ten seconds, a stall every 5.2 s: 1.92 a session, give or take 0.07.
  expect(stalled / 400).toBeGreaterThan(1.7);
  expect(stalled / 400).toBeLessThan(2.15);
});

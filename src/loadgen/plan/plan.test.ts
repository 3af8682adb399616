import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlanInput } from "./plan-input.ts";
import { makePlan, phaseAt, shareOfLoad } from "./plan.ts";
import { ALL, shareOf, sharesByWeight } from "./share.ts";

const input: PlanInput = {
  streams: 4,
  rampInMs: 1000,
  thinkMs: 0,
  warmupMs: 2000,
  steadyMs: 8000,
  chunkMs: 100,
  pace: 1,
  phase: "spread",
  clipIds: ["a", "b", "c"],
  padding: { beforeMs: 0, afterMs: 0 },
  datasetSha256: "d",
};

describe("plan", () => {
  it("spreads starts over the ramp-in and chunk phases over the chunk", () => {
    const slots = makePlan(input, 7).slots(ALL);
    expect(slots.map((slot) => slot.firstStartMs)).toEqual([0, 250, 500, 750]);
    expect(slots.map((slot) => slot.phaseOffsetMs)).toEqual([0, 25, 50, 75]);
  });

  it("aligned puts all callers on one phase, random stays within the chunk and follows the seed", () => {
    const offsets = (phase: PlanInput["phase"], seed: number): number[] =>
      makePlan({ ...input, phase, pace: 2 }, seed)
        .slots(ALL)
        .map((slot) => slot.phaseOffsetMs);
    expect(offsets("aligned", 1)).toEqual([0, 0, 0, 0]);
    expect(offsets("random", 1)).toEqual(offsets("random", 1));
    expect(offsets("random", 1)).not.toEqual(offsets("random", 2));
    expect(offsets("random", 1).every((ms) => ms >= 0 && ms < 50)).toBe(true);
  });

  it("a stage may have its own chunk phase", () => {
    const stages = [
      { fromMs: 0, name: "a" },
      { fromMs: 5000, name: "b", phase: "aligned" as const },
    ];
    const [, slot] = makePlan({ ...input, stages }, 1).slots(ALL);
    expect([0, 4999, 5000].map((ms) => slot!.phaseOffsetAt(ms, 0))).toEqual([25, 25, 0]);
  });

  it("another caller has another order of clips and another random phase, the first those of a caller that stays", () => {
    const picks = (sessionsPerCaller?: number): unknown[] => {
      const changes = sessionsPerCaller === undefined ? {} : { sessionsPerCaller };
      const clipIds = Array.from({ length: 8 }, (_, index) => `c${index}`);
      const [slot] = makePlan({ ...input, clipIds, ...changes }, 1).slots(ALL);
      return Array.from({ length: 8 }, () => slot!.next()).map(({ clip, caller }) => [clip, caller]);
    };
    expect(picks(4).slice(0, 4)).toEqual(picks().slice(0, 4));
    expect(picks(4).map((pick) => (pick as number[])[1])).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    const [slot] = makePlan({ ...input, phase: "random" }, 1).slots(ALL);
    expect(slot!.phaseOffsetAt(0, 1)).not.toBe(slot!.phaseOffsetAt(0, 0));
  });

  it("plays clips by weight: shares as asked for, none without weight", () => {
    const [slot] = makePlan({ ...input, weights: [3, 0, 1] }, 1).slots(ALL);
    const counts = [0, 0, 0];
    for (let i = 0; i < 8000; i++) counts[slot!.next().clip]!++;
    expect(counts[1]).toBe(0);
    // A share of 3 / 4 of 8000, standard deviation 38.7.
    expect(Math.abs(counts[0]! - 6000)).toBeLessThan(2.576 * 38.8);
  });

  it("a changing level spreads the phases of however many are in by the golden ratio", () => {
    const segments = [{ fromMs: 0, toMs: Infinity, from: 40, to: 40 }];
    const slots = makePlan({ ...input, streams: 40, segments }, 1).slots(ALL);
    const few = slots
      .slice(0, 8)
      .map((slot) => slot.phaseOffsetMs)
      .sort((a, b) => a - b);
    const gaps = few.map((ms, i) => ms - (few[i - 1] ?? few.at(-1)! - 100));
    expect(Math.max(...gaps)).toBeLessThan(25);
  });

  it("plays every clip before one comes twice", () => {
    const [slot] = makePlan(input, 1).slots(ALL);
    const picks = Array.from({ length: 9 }, () => slot!.next().clip);
    for (let round = 0; round < 9; round += 3) {
      expect(picks.slice(round, round + 3).sort()).toEqual([0, 1, 2]);
    }
  });

  it("has one hash per seed and input", () => {
    const hash = makePlan(input, 7).hash;
    expect(makePlan({ ...input }, 7).hash).toBe(hash);
    expect(makePlan(input, 8).hash).not.toBe(hash);
    expect(makePlan({ ...input, steadyMs: 9000 }, 7).hash).not.toBe(hash);
    expect(makePlan({ ...input, datasetSha256: "e" }, 7).hash).not.toBe(hash);
  });

  it("property: shards are the plan, split without loss, whatever their number", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer(),
        (streams, of, seed) => {
          const plan = makePlan({ ...input, streams }, seed);
          const describeSlot = (slot: ReturnType<typeof plan.slots>[number]): unknown => [
            slot.slot,
            slot.firstStartMs,
            slot.phaseOffsetMs,
            slot.next(),
            slot.next(),
          ];
          const whole = plan.slots(ALL).map(describeSlot);
          const parts = Array.from({ length: of }, (_, index) =>
            plan.slots(shareOf({ index, of })).map(describeSlot),
          ).flat();
          expect(parts.sort((a, b) => (a as number[])[0]! - (b as number[])[0]!)).toEqual(whole);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("decides the phase of the run by the scheduled start, bounds included at the left", () => {
    expect([0, 1999.9, 2000, 9999.9, 10_000].map((ms) => phaseAt(input, ms))).toEqual([
      "warmup",
      "warmup",
      "steady",
      "steady",
      "drain",
    ]);
  });

  it("tells what shares are of the load: of a closed one by its callers, whatever the weights say", () => {
    const [, small] = sharesByWeight([19, 1]);
    expect(shareOfLoad({ ...input, streams: 11 }, [small!])).toBe(1 / 11);
    expect(shareOfLoad({ ...input, streams: 8 }, [small!])).toBe(0);
    const thirds = sharesByWeight(Array<number>(60).fill(4));
    expect(shareOfLoad({ ...input, streams: 600 }, thirds.slice(0, 3))).toBe(0.05);
    expect(shareOfLoad({ ...input, streams: 8 }, [])).toBe(0);
  });
});

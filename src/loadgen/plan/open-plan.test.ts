import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Arrival, OpenPlan } from "./open-plan.ts";
import type { OpenPlanInput } from "./plan-input.ts";
import { expectedStreams, makePlan } from "./plan.ts";
import type { Share } from "./share.ts";
import { ALL, shareOf, sharesByWeight } from "./share.ts";

const input: OpenPlanInput = {
  segments: [{ fromMs: 0, toMs: Infinity, from: 5, to: 5, spacing: "poisson" }],
  maxOpen: 20,
  expectedOpen: 15,
  warmupMs: 2000,
  steadyMs: 8000,
  chunkMs: 100,
  pace: 1,
  phase: "spread",
  clipIds: ["a", "b", "c"],
  padding: { beforeMs: 0, afterMs: 0 },
  datasetSha256: "d",
};

function openPlan(changes: Partial<OpenPlanInput> = {}, seed = 1): OpenPlan {
  const plan = makePlan({ ...input, ...changes }, seed);
  if (plan.kind !== "open") throw new Error("not an open plan");
  return plan;
}

function first(plan: OpenPlan, count: number, share = ALL): Arrival[] {
  const result: Arrival[] = [];
  for (const arrival of plan.arrivals(share)) if (result.push(arrival) === count) break;
  return result;
}

describe("open plan", () => {
  it("numbers sessions in order of time and plays every clip before one comes twice", () => {
    const arrivals = first(openPlan(), 30);
    expect(arrivals.map(({ seq }) => seq)).toEqual(arrivals.map((_, index) => index));
    expect(arrivals.map(({ scheduledMs }) => scheduledMs)).toEqual(
      arrivals.map(({ scheduledMs }) => scheduledMs).sort((a, b) => a - b),
    );
    for (let round = 0; round < 30; round += 3) {
      expect(
        arrivals
          .slice(round, round + 3)
          .map(({ clip }) => clip)
          .sort(),
      ).toEqual([0, 1, 2]);
    }
  });

  it("spreads the chunk phases of any run of sessions nearly evenly", () => {
    const phases = first(openPlan(), 500).map(({ phaseOffsetMs }) => phaseOffsetMs);
    expect(phases.every((ms) => ms >= 0 && ms < 100)).toBe(true);
    for (let from = 0; from < 480; from += 37) {
      const some = phases.slice(from, from + 20).sort((a, b) => a - b);
      const gaps = some.map((ms, i) => ms - (some[i - 1] ?? (some.at(-1) ?? 0) - 100));
      // Evenly it would be 5 ms; by the golden ratio no gap is more than 1 + 1 / golden = 2.6 times the smallest.
      expect(Math.max(...gaps)).toBeLessThan(10);
    }
    expect(
      new Set(first(openPlan({ phase: "aligned" }), 50).map(({ phaseOffsetMs }) => phaseOffsetMs)),
    ).toEqual(new Set([0]));
  });

  it("has one hash per seed and input, over starts, clips and phases", () => {
    const { hash } = openPlan();
    expect(openPlan().hash).toBe(hash);
    expect(openPlan({}, 2).hash).not.toBe(hash);
    expect(openPlan({ steadyMs: 9000 }).hash).not.toBe(hash);
    const trace = [{ startMs: 100 }, { startMs: 200, clip: 2 }];
    expect(openPlan({ trace }).hash).toBe(openPlan({ trace }).hash);
    expect(openPlan({ trace: [{ startMs: 100 }, { startMs: 201, clip: 2 }] }).hash).not.toBe(
      openPlan({ trace }).hash,
    );
    expect(openPlan({ trace: [{ startMs: 100 }, { startMs: 200, clip: 1 }] }).hash).not.toBe(
      openPlan({ trace }).hash,
    );
  });

  it("replays a trace and then ends", () => {
    const trace = [{ startMs: 100, clip: 1 }, { startMs: 100 }, { startMs: 900, clip: 1 }];
    const arrivals = [...openPlan({ trace }).arrivals(ALL)];
    expect(arrivals.map(({ scheduledMs }) => scheduledMs)).toEqual([100, 100, 900]);
    expect(arrivals.map(({ clip }) => clip).filter((_, index) => index !== 1)).toEqual([1, 1]);
  });

  it("gives sessions the stage and the phase of their planned start", () => {
    const stages = [
      { fromMs: 0, name: "calm" },
      { fromMs: 3000, name: "rush", phase: "aligned" as const },
    ];
    for (const { scheduledMs, stage, phaseOffsetMs } of first(openPlan({ stages }), 40)) {
      expect(stage).toBe(scheduledMs < 3000 ? "calm" : "rush");
      if (stage === "rush") expect(phaseOffsetMs).toBe(0);
    }
  });

  it("property: shards are the plan, split without loss, whatever their number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer(), (of, seed) => {
        const plan = openPlan({}, seed);
        const until = (share: Share): Arrival[] => {
          const result: Arrival[] = [];
          for (const arrival of plan.arrivals(share)) {
            if (arrival.scheduledMs >= 10_000) break;
            result.push(arrival);
          }
          return result;
        };
        const shares = Array.from({ length: of }, (_, index) => shareOf({ index, of }));
        const parts = shares.flatMap(until);
        expect(parts.sort((a, b) => a.seq - b.seq)).toEqual(until(ALL));
        expect(shares.flatMap(plan.places).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 20 }, (_, place) => place),
        );
        expect(shares.reduce((sum, share) => sum + expectedStreams(plan, share), 0)).toBeGreaterThanOrEqual(
          15,
        );
      }),
      { numRuns: 30 },
    );
  });

  it("has a place for each share, however small: its sessions would all be dropped, and the server blamed", () => {
    const shares = sharesByWeight([64, 64, 1, 1]);
    const places = shares.map((share) => openPlan({ maxOpen: 50 }).places(share));
    expect(places.map(({ length }) => length)).toEqual([25, 24, 1, 1]);
    expect(new Set(places.flat()).size).toBe(51);
  });
});

import { describe, expect, it } from "vitest";
import type { Condition } from "./conditions.ts";
import { conditioned, conditionOf, placeUnder } from "../loadgen/engine/conditioned.ts";
import { longestExtraMs } from "./conditions.ts";
import type { SessionStart } from "../loadgen/engine/session.ts";

const CONDITIONS: readonly Condition[] = [
  { name: "fast", share: 0.2, driftPpm: 100 },
  { name: "gone", share: 0.1, hangUp: { after: { fromMs: 100, toMs: 400 } } },
];

function start(seq: number): SessionStart {
  const facts = { id: "a", audioMs: 1000, onsetMs: 0, speechEndMs: 1000, words: [] };
  const chunks = Array.from({ length: 10 }, () => new Uint8Array(3200));
  return {
    ...{ seq, slot: 0, phase: "steady" as const, stage: "main", scheduledMs: 0, pace: 1, phaseOffsetMs: 0 },
    clip: { facts, sampleRateHz: 16_000, chunks, chunkMs: 100 },
  };
}

describe("conditions", () => {
  it("are dealt out in their shares, by number and seed alone", () => {
    const drawn = Array.from({ length: 20_000 }, (_, seq) => conditionOf(CONDITIONS, 7, seq)?.name ?? "none");
    const share = (name: string): number => drawn.filter((one) => one === name).length / drawn.length;
    // Three standard deviations: 0.0085 and less.
    expect(Math.abs(share("fast") - 0.2)).toBeLessThan(0.0085);
    expect(Math.abs(share("gone") - 0.1)).toBeLessThan(0.0085);
    expect(drawn.slice(0, 50)).toEqual(
      Array.from({ length: 50 }, (_, seq) => conditionOf(CONDITIONS, 7, seq)?.name ?? "none"),
    );
    expect(drawn).not.toEqual(drawn.map((_, seq) => conditionOf(CONDITIONS, 8, seq)?.name ?? "none"));
  });

  it("give a session a stage of its own, its faults, and the pace of its microphone's clock", () => {
    const under = conditioned({ conditions: CONDITIONS }, 7);
    const sessions = Array.from({ length: 100 }, (_, seq) => under(start(seq)));
    const fast = sessions.find(({ stage }) => stage === "fast");
    expect(fast?.pace).toBe(1.0001);
    expect(fast?.faults).toEqual({ condition: "fast" });
    const gone = sessions.find(({ stage }) => stage === "gone");
    expect(gone?.faults?.hangUpMs).toBeGreaterThanOrEqual(100);
    expect(gone?.faults?.hangUpMs).toBeLessThanOrEqual(400);
    const others = sessions.filter(({ stage }) => stage === "main");
    expect(others.length).toBeGreaterThan(50);
    expect(others.every(({ faults, pace }) => faults === undefined && pace === 1)).toBe(true);
    // A session that never came to be belongs where it would have been.
    for (const { seq, stage, pace } of sessions)
      expect(placeUnder({ conditions: CONDITIONS }, 7, { seq, stage: "main", pace: 1 })).toEqual({
        stage,
        pace,
      });
  });

  it("keep the name of the stage where there are several, and leave transitions alone", () => {
    const stages = [
      { fromMs: 0, name: "calm" },
      { fromMs: 9, name: "busy" },
    ];
    const plan = { conditions: [{ name: "fast", share: 1, driftPpm: 1 }], stages };
    const place = (stage: string): string => placeUnder(plan, 1, { seq: 0, stage, pace: 1 }).stage;
    expect(place("calm")).toBe("calm-fast");
    expect(place("transition")).toBe("transition");
  });

  it("say how much longer a session may last", () => {
    const after = { fromMs: 0, toMs: 1000 };
    expect(longestExtraMs([])).toBe(0);
    expect(longestExtraMs([{ name: "a", share: 0.1, mute: { after, forMs: 65_000 } }, ...CONDITIONS])).toBe(
      65_000,
    );
    const stall = { everyMs: 1000, forMs: 500 };
    expect(longestExtraMs([{ name: "a", share: 0.1, stall, jitter: { meanMs: 1, maxMs: 20 } }])).toBe(520);
  });
});

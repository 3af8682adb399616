import fc from "fast-check";
import { expect, test } from "vitest";
import { randomStream } from "../../base/random.ts";
import type { Condition } from "../../scenario/conditions.ts";
import type { FaultPlan, PlannedAudio } from "./fault-plan.ts";
import { faultPlan } from "./fault-plan.ts";

const length = fc.double({ min: 1, max: 5000, noNaN: true });
const recurring = fc.record({ everyMs: length, forMs: length });
const after = fc.tuple(length, length).map(([a, b]) => ({ fromMs: Math.min(a, b), toMs: Math.max(a, b) }));

const conditions: fc.Arbitrary<Condition> = fc.record(
  {
    name: fc.constant("c"),
    share: fc.constant(1),
    jitter: fc.record({ meanMs: length, maxMs: length }),
    stall: recurring,
    loss: recurring,
    mute: fc.record({ after, forMs: length }),
    hangUp: fc.record({ after }),
    slowReader: recurring,
  },
  { requiredKeys: ["name", "share"] },
);

const audios: fc.Arbitrary<PlannedAudio> = fc
  .record({
    audioMs: fc.double({ min: 30, max: 30_000, noNaN: true }),
    chunkMs: fc.constantFrom(20, 100, 160, 1000),
    pace: fc.constantFrom(1, 1.0001, 2),
  })
  .map((audio) => ({ ...audio, chunks: Math.ceil(audio.audioMs / audio.chunkMs) }));

function due({ chunkMs, audioMs, pace }: PlannedAudio, { mute }: FaultPlan, k: number): number {
  return Math.min((k + 1) * chunkMs, audioMs) / pace + (mute !== undefined && k >= mute.chunk ? mute.ms : 0);
}

const planned = fc.tuple(conditions, audios, fc.integer()).map(([condition, audio, seed]) => ({
  condition,
  audio,
  seed,
  plan: faultPlan(condition, randomStream(seed, "faults"), audio),
}));

test("the same seed gives the same plan", () => {
  fc.assert(
    fc.property(planned, ({ condition, audio, seed, plan }) => {
      expect(faultPlan(condition, randomStream(seed, "faults"), audio)).toEqual(plan);
    }),
  );
});

test("no chunk leaves early, overtakes another, or is held longer than a stall and the jitter's limit", () => {
  fc.assert(
    fc.property(planned, ({ condition: { jitter, stall }, audio, plan }) => {
      const { delayMs } = plan;
      expect(delayMs === undefined).toBe(jitter === undefined && stall === undefined);
      if (delayMs === undefined) return;
      expect(delayMs.length).toBe(audio.chunks);
      let lastMs = 0;
      for (let k = 0; k < audio.chunks; k++) {
        const delay = delayMs[k] ?? NaN;
        const leavesMs = due(audio, plan, k) + delay;
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual((jitter?.maxMs ?? 0) + (stall?.forMs ?? 0) + 0.001);
        // Delays are whole microseconds.
        expect(leavesMs).toBeGreaterThanOrEqual(lastMs - 0.001);
        lastMs = leavesMs;
      }
    }),
  );
});

test("whoever leaves does it in mid-call, and whoever mutes has said something left to say", () => {
  fc.assert(
    fc.property(planned, ({ audio, plan }) => {
      const endMs = due(audio, plan, audio.chunks - 1);
      if (plan.hangUpMs !== undefined) expect(plan.hangUpMs).toBeLessThan(endMs);
      if (plan.mute !== undefined) expect(plan.mute.chunk).toBeLessThan(audio.chunks);
      for (const [i, { fromMs, toMs }] of (plan.deaf ?? []).entries()) {
        expect(fromMs).toBeLessThanOrEqual(toMs);
        expect(toMs).toBeLessThanOrEqual(endMs + 1e-6);
        expect(fromMs).toBeGreaterThanOrEqual(plan.deaf?.[i - 1]?.toMs ?? 0);
      }
    }),
  );
});

test("lost chunks are chunks of the clip, each once, in order", () => {
  fc.assert(
    fc.property(planned, ({ audio, plan: { lost } }) => {
      if (lost === undefined) return;
      for (const [i, k] of lost.entries()) {
        expect(k).toBeGreaterThan(lost[i - 1] ?? -1);
        expect(k).toBeLessThan(audio.chunks);
      }
    }),
  );
});

test("one fault does not move another: what is drawn first stays where it is", () => {
  fc.assert(
    fc.property(planned, ({ condition, audio, seed, plan }) => {
      if (plan.hangUpMs === undefined || condition.mute !== undefined) return;
      const { name, share, hangUp = { after: { fromMs: 0, toMs: 0 } } } = condition;
      const alone = faultPlan({ name, share, hangUp }, randomStream(seed, "faults"), audio);
      expect(alone.hangUpMs).toBe(plan.hangUpMs);
    }),
  );
});

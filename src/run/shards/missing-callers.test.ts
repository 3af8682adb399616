import { expect, it } from "vitest";
import type { PlanInput } from "../../loadgen/plan/plan-input.ts";
import { makePlan } from "../../loadgen/plan/plan.ts";
import { sessionsOfCallers } from "./missing-callers.ts";

const INPUT: PlanInput = {
  ...{ warmupMs: 1000, steadyMs: 9000, chunkMs: 100, pace: 1, phase: "spread", clipIds: ["a", "b"] },
  ...{ padding: { beforeMs: 0, afterMs: 0 }, datasetSha256: "", streams: 5, rampInMs: 1000, thinkMs: 500 },
};
const sessions = (input: Partial<PlanInput>, untilMs = 10_000) =>
  sessionsOfCallers(makePlan({ ...INPUT, ...input }, 1), { index: 1, of: 3 }, () => 2000, untilMs);

it("follows each caller of the part from its turn in the ramp-in, one session after the other", () => {
  const found = sessions({});
  // Callers 1 and 4 of 0 to 4; a session every 2.5 s.
  expect(found.map(({ slot, scheduledMs }) => [slot, scheduledMs])).toEqual([
    [1, 200],
    [4, 800],
    [1, 2700],
    [4, 3300],
    [1, 5200],
    [4, 5800],
    [1, 7700],
    [4, 8300],
  ]);
  expect(found.map(({ seq }) => seq)).toEqual([1, 4, 6, 9, 11, 14, 16, 19]);
  expect(found.map(({ phase }) => phase).slice(0, 3)).toEqual(["warmup", "warmup", "steady"]);
  expect(new Set(found.map(({ worker }) => worker))).toEqual(new Set([2]));
});

it("counts the iterations of each, and one session of callers without pace", () => {
  expect(sessions({ iterations: 2 }).length).toBe(4);
  expect(sessions({ pace: Infinity, thinkMs: 0 }).length).toBe(2);
  expect(sessions({ pace: Infinity, thinkMs: 0, iterations: 3 }).length).toBe(6);
});

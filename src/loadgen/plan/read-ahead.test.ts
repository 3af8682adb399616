import { describe, expect, it } from "vitest";
import { makeOpenPlan } from "./open-plan.ts";
import type { OpenPlanInput, PlanInput } from "./plan-input.ts";
import { makePlan } from "./plan.ts";
import { ALL, shareOf } from "./share.ts";
import { readAhead } from "./read-ahead.ts";

const common = {
  ...{ warmupMs: 1000, steadyMs: 9000, chunkMs: 100, pace: 1, phase: "spread" as const },
  ...{ clipIds: ["a", "b", "c", "d", "e"], padding: { beforeMs: 0, afterMs: 0 }, datasetSha256: "0" },
};
const closed: PlanInput = { ...common, streams: 4, rampInMs: 0, thinkMs: 0 };
const open: OpenPlanInput = {
  ...common,
  ...{
    segments: [{ fromMs: 0, toMs: Infinity, from: 2, to: 2, spacing: "even" }],
    maxOpen: 50,
    expectedOpen: 10,
  },
};
const share = shareOf({ index: 1, of: 2 });

describe("callers", () => {
  it("play what is planned; each clip is told one session before it is played", () => {
    const plan = makePlan(closed, 3);
    const told: number[] = [];
    const ahead = readAhead(plan, share, (clip) => told.push(clip));
    if (ahead.kind === "open") throw new Error("a closed plan");
    const planned = plan.slots(share);
    const slots = ahead.slots(share);
    expect(slots.map(({ slot }) => slot)).toEqual([1, 3]);
    const [first, second] = planned.map(({ next }) => Array.from({ length: 5 }, () => next()));
    expect(told).toEqual([first?.[0]?.clip, second?.[0]?.clip]);
    told.length = 0;
    for (let i = 0; i < 4; i++) {
      expect(slots[0]?.next()).toEqual(first?.[i]);
      expect(told).toEqual(first?.slice(1, i + 2).map(({ clip }) => clip));
    }
  });
});

describe("arrivals", () => {
  it("come as planned; each is told three seconds before its time, once", () => {
    const plan = makeOpenPlan(open, 3);
    const told: number[] = [];
    const ahead = readAhead(plan, share, (clip) => told.push(clip));
    if (ahead.kind === "closed") throw new Error("an open plan");
    const planned: { scheduledMs: number; clip: number }[] = [];
    for (const arrival of plan.arrivals(share)) {
      planned.push(arrival);
      if (planned.length === 30) break;
    }
    const upTo = (atMs: number): number[] =>
      planned
        .slice(0, planned.findIndex(({ scheduledMs }) => scheduledMs >= atMs) + 1)
        .map(({ clip }) => clip);
    expect(told).toEqual(upTo(3000));
    const arrivals = ahead.arrivals(share);
    for (const arrival of planned.slice(0, 20)) {
      expect(arrivals.next().value).toEqual(arrival);
      expect(told).toEqual(upTo(arrival.scheduledMs + 3000));
    }
  });

  it("of a trace end with it", () => {
    const plan = makePlan(
      {
        ...open,
        segments: [],
        trace: [
          { startMs: 10, clip: 2 },
          { startMs: 20, clip: 1 },
        ],
      },
      1,
    );
    const told: number[] = [];
    const ahead = readAhead(plan, ALL, (clip) => told.push(clip));
    if (ahead.kind === "closed") throw new Error("an open plan");
    expect([...ahead.arrivals(ALL)].map(({ scheduledMs, clip }) => [scheduledMs, clip])).toEqual([
      [10, 2],
      [20, 1],
    ]);
    expect(told).toEqual([2, 1]);
  });
});

import { expect, it } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { remoteFact } from "./remote-fact.ts";

const run = (remote?: RunResult["run"]["remote"]): RunResult["run"] =>
  ({ ...(remote && { remote }) }) as RunResult["run"];

it("says on how many hosts the workers were, how far apart they began, and how well that is known", () => {
  const workers = [
    { index: 0, host: "a", clockOffsetMs: 0.2, clockUncertaintyMs: 0.1, startedAtMs: 0 },
    { index: 1, host: "b", clockOffsetMs: -12, clockUncertaintyMs: 0.42, startedAtMs: 0.6 },
    { index: 2, host: "b", clockOffsetMs: -12, clockUncertaintyMs: 0.3, startedAtMs: 0.2 },
  ];
  expect(remoteFact(run({ startSpreadMs: 0.6, workers }))).toEqual([
    ["workers", "3 on 2 host(s), T0 within 0.6 ms, clocks known to ±0.4 ms"],
  ]);
});

it("names a wall clock that is off by seconds", () => {
  const workers = [
    { index: 0, host: "a", clockOffsetMs: 3200, clockUncertaintyMs: 1 },
    { index: 1, host: "b", clockOffsetMs: -61_000, clockUncertaintyMs: 1 },
  ];
  expect(remoteFact(run({ workers }))[0]?.[1]).toBe(
    "2 on 2 host(s), clocks known to ±1.0 ms, the wall clock of a is 3.2 s ahead (nothing is timed by it), " +
      "the wall clock of b is 61.0 s behind (nothing is timed by it)",
  );
});

it("says nothing of a run on one machine", () => {
  expect(remoteFact(run())).toEqual([]);
});

it("says which part of a run a shard is", () => {
  const shard = { index: 3, count: 8, startAt: "2027-03-14T09:26:00.000Z" };
  expect(remoteFact({ ...PASSED.run, shard })).toEqual([
    ["shard", "3 of 8, began at 2027-03-14T09:26:00.000Z"],
  ]);
});

it("says of shards that were put together what is missing, and that nothing compared their clocks", () => {
  const merged = ["a", "b"].map((host, at) => ({
    ...{ index: at + 1, run: `r${at}`, host, startedAt: "2027-03-14T09:26:00.000Z", workers: 1 },
    ...(at === 1 ? { cutShort: true as const } : {}),
  }));
  const shards = { count: 4, merged, missing: [3, 4], startSpreadMs: 12 };
  expect(remoteFact({ ...PASSED.run, shards })).toEqual([
    [
      "shards",
      "2 of 4 on 2 host(s); T0 within 12 ms by their own clocks, which nothing compared; cut short: 2; missing: 3, 4",
    ],
  ]);
});

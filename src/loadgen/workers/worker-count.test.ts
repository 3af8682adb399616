import { describe, expect, it } from "vitest";
import { workerCount } from "./worker-count.ts";

const load = { streams: 50, chunkMs: 100, pace: 1 };

describe("workerCount", () => {
  it.each([
    ["auto", load, 8, 1],
    ["auto", { ...load, streams: 1000 }, 8, 1],
    ["auto", { ...load, streams: 1001 }, 8, 2],
    ["auto", { ...load, streams: 1001, chunkMs: 200 }, 8, 1],
    ["auto", { ...load, streams: 500, pace: 4 }, 8, 2],
    ["auto", { ...load, streams: 20_000 }, 8, 7],
    ["auto", { ...load, streams: 20_000 }, 1, 1],
    ["auto", { ...load, streams: 20_000, chunkMs: 20 }, 256, 64],
    ["4", load, 2, 4],
    ["64", load, 2, 64],
  ])("%s for %o on %i cores is %i", (wanted, needed, cores, count) => {
    expect(workerCount(wanted, needed, cores)).toBe(count);
  });

  it.each(["0", "65", "-1", "1.5", "many", "", "1e1"])("refuses %o", (wanted) => {
    expect(() => workerCount(wanted, load, 4)).toThrow(/--workers .*auto or a whole number from 1 to 64/);
  });
});

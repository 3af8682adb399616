import { describe, expect, it } from "vitest";
import type { Tick } from "../listener.ts";
import { createTotals } from "../../metrics/record/totals.ts";
import { progressListener } from "./progress.ts";

const totals = createTotals({ window: { startMs: 1000, endMs: 61_000 }, slos: [] });
const tick = (atMs: number): Tick => ({ atMs, open: 3, windowEndMs: 61_000, totals });

function setUp(options: { isTTY?: boolean; quiet?: boolean } = {}) {
  const written: string[] = [];
  const { isTTY = false, quiet = false } = options;
  const sink = { write: (text: string) => written.push(text), isTTY, columns: 40 };
  return { written, listener: progressListener({ sink, quiet, warmupMs: 1000 }) };
}

describe("progress", () => {
  it("writes a line every ten seconds, and at once what can't wait", () => {
    const { written, listener } = setUp();
    for (let atMs = 0; atMs <= 20_000; atMs += 1000) listener.onTick?.(tick(atMs));
    expect(written.map((line) => line.split(" |")[0])).toEqual([
      "warm-up 0s of 1s",
      "steady 9s of 60s",
      "steady 19s of 60s",
    ]);
  });

  it("names the stage of the moment, in the window only", () => {
    const written: string[] = [];
    const sink = { write: (text: string) => written.push(text), isTTY: false, columns: 40 };
    const stageOf = (atMs: number): string => (atMs < 20_000 ? "calm" : "busy");
    const listener = progressListener({ sink, quiet: false, warmupMs: 1000, stageOf });
    for (let atMs = 0; atMs <= 70_000; atMs += 10_000) listener.onTick?.(tick(atMs));
    expect(written.map((line) => line.split(" |")[0]).filter((_, i) => i < 3 || i > 6)).toEqual([
      "warm-up 0s of 1s",
      "calm 9s of 60s",
      "busy 19s of 60s",
      "drain 9s",
    ]);
  });

  it("when quiet, says only what can't wait", () => {
    const { written, listener } = setUp({ quiet: true, isTTY: true });
    listener.onTick?.(tick(2000));
    listener.onEvent?.({ atMs: 2100, type: "collapse", message: "collapse: it falls behind" });
    listener.onLoadEnd?.();
    expect(written).toEqual(["collapse: it falls behind\n"]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { createScheduler, timed } from "./scheduler.ts";

describe("scheduler", () => {
  it("fires at the absolute due time, in order, never early", () => {
    const clock = new VirtualClock(1000);
    const scheduler = createScheduler(clock);
    const fired: [string, number][] = [];
    for (const [name, dueMs] of [
      ["b", 1002.25],
      ["a", 1001.5],
      ["c", 1002.75],
      ["far", 9000.5],
    ] as const) {
      scheduler.add(timed(dueMs, () => fired.push([name, clock.nowMs()])));
    }
    clock.advanceTo(20_000);
    expect(fired).toEqual([
      ["a", 1001.5],
      ["b", 1002.25],
      ["c", 1002.75],
      ["far", 9000.5],
    ]);
  });

  it("wakes exactly while entries are sparse, and by plain timers while they are dense", () => {
    const clock = new VirtualClock(0);
    const wakes = { exact: 0, plain: 0 };
    const counting = {
      nowMs: () => clock.nowMs(),
      machineMs: () => clock.machineMs(),
      epochMs: () => clock.epochMs(),
      wallMs: () => clock.wallMs(),
      wakeAt: (atMs: number, wake: () => void) => (wakes.plain++, clock.wakeAt(atMs, wake)),
      wakeExactlyAt: (atMs: number, wake: () => void) => (wakes.exact++, clock.wakeAt(atMs, wake)),
    };
    const scheduler = createScheduler(counting);
    const streams = (count: number, untilMs: number): void => {
      const wholeMs = clock.nowMs();
      for (let i = 0; i < count; i++) {
        const chunk = timed(wholeMs + (i * 100) / count, () => {
          chunk.dueMs += 100;
          if (chunk.dueMs < untilMs) scheduler.add(chunk);
        });
        scheduler.add(chunk);
      }
      clock.advanceTo(untilMs);
    };
    streams(25, 2000);
    expect(wakes.plain).toBe(0);
    expect(wakes.exact).toBeGreaterThanOrEqual(25 * 20);
    wakes.exact = 0;
    streams(400, 4000);
    expect(wakes.plain).toBeGreaterThan(5000);
    // Only until it is seen that it is dense.
    expect(wakes.exact).toBeLessThan(100);
    wakes.plain = 0;
    streams(10, 8000);
    expect(wakes.exact).toBeGreaterThan(300);
    expect(wakes.plain).toBeLessThan(20);
  });

  it("re-arms when an earlier entry comes in", () => {
    const clock = new VirtualClock(0);
    const scheduler = createScheduler(clock);
    const fired: number[] = [];
    scheduler.add(timed(500, () => fired.push(clock.nowMs())));
    clock.advanceTo(100);
    scheduler.add(timed(101, () => fired.push(clock.nowMs())));
    clock.advanceTo(1000);
    expect(fired).toEqual([101, 500]);
  });

  it("catches up after a stall in due order and shows the lateness", () => {
    const clock = new VirtualClock(0);
    const scheduler = createScheduler(clock);
    const lateness: number[] = [];
    let dueMs = 100;
    const entry = timed(dueMs, () => {
      lateness.push(clock.nowMs() - dueMs);
      dueMs += 100;
      entry.dueMs = dueMs;
      if (dueMs <= 800) scheduler.add(entry);
    });
    scheduler.add(entry);
    clock.advanceTo(200);
    clock.stall(350);
    clock.advanceTo(1000);
    // Due at 300, 400 and 500 while nothing ran until 550: late by 250, 150, 50, then on time again.
    expect(lateness).toEqual([0, 0, 250, 150, 50, 0, 0, 0]);
  });

  it("survives a stall of more than a turn of the wheel", () => {
    const clock = new VirtualClock(0);
    const scheduler = createScheduler(clock);
    const fired: number[] = [];
    for (const dueMs of [10, 5000, 9000, 30_000]) scheduler.add(timed(dueMs, () => fired.push(dueMs)));
    clock.stall(20_000);
    clock.advanceTo(20_000);
    expect(fired.sort((a, b) => a - b)).toEqual([10, 5000, 9000]);
    clock.advanceTo(40_000);
    expect(fired).toEqual([10, 5000, 9000, 30_000]);
  });

  it("property: everything fires exactly once, not before it is due and without delay", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { maxLength: 60 }), (dues) => {
        const clock = new VirtualClock(0);
        const scheduler = createScheduler(clock);
        const lateness: number[] = [];
        for (const dueMs of dues) scheduler.add(timed(dueMs, () => lateness.push(clock.nowMs() - dueMs)));
        clock.advanceTo(25_000);
        expect(lateness.length).toBe(dues.length);
        expect(lateness.every((ms) => ms === 0)).toBe(true);
      }),
    );
  });

  it("does nothing after stop", () => {
    const clock = new VirtualClock(0);
    const scheduler = createScheduler(clock);
    let fired = 0;
    scheduler.add(timed(5, () => fired++));
    scheduler.stop();
    clock.advanceTo(100);
    expect(fired).toBe(0);
  });
});

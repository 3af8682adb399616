import { execFileSync } from "node:child_process";
import { expect, it, vi } from "vitest";
import { createRunClock, realClock } from "./clock.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";

it("wakes exactly: never early, and late by far less than a timer", { retry: 5 }, async () => {
  const clock = createRunClock(realClock);
  clock.setOrigin(realClock.nowMs());
  const latenessMs: number[] = [];
  for (let i = 0; i < 40; i++) {
    const dueMs = clock.nowMs() + 0.3 + i / 7;
    await new Promise<void>((resolve) => clock.wakeExactlyAt(dueMs, resolve));
    latenessMs.push(clock.nowMs() - dueMs);
  }
  latenessMs.sort((a, b) => a - b);
  expect(latenessMs[0]).toBeGreaterThanOrEqual(0);
  // The quarter that even a busy machine did not disturb; of timers, which round to milliseconds, it is later than this.
  expect(latenessMs[10]).toBeLessThan(0.3);
});

it("takes an exact wake back", async () => {
  const woken: string[] = [];
  for (const aheadMs of [0.2, 5])
    realClock.wakeExactlyAt(realClock.nowMs() + aheadMs, () => woken.push("taken back"))();
  await new Promise<void>((resolve) => realClock.wakeExactlyAt(realClock.nowMs() + 10, resolve));
  expect(woken).toEqual([]);
});

it("labels go on evenly when the wall clock is set, and the wall clock is told as it is", () => {
  const wall = vi.spyOn(Date, "now");
  try {
    const [labelMs, nowMs] = [realClock.epochMs(), realClock.nowMs()];
    for (const stepMs of [-3_600_000, 3_600_000]) {
      wall.mockReturnValue(labelMs + stepMs);
      const passedMs = realClock.nowMs() - nowMs;
      expect(realClock.epochMs() - labelMs - passedMs).toBeLessThan(50);
      expect(realClock.epochMs()).toBeGreaterThanOrEqual(labelMs);
      expect(realClock.wallMs()).toBe(labelMs + stepMs);
    }
  } finally {
    wall.mockRestore();
  }
  expect(Math.abs(realClock.epochMs() - Date.now())).toBeLessThan(100);
});

it("machineMs is one clock for all processes of the machine", () => {
  const before = realClock.machineMs();
  const script = "console.log(Number(process.hrtime.bigint()) / 1e6)";
  const other = Number(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" }));
  expect(other).toBeGreaterThan(before);
  expect(other).toBeLessThan(realClock.machineMs());
});

it("a virtual clock's wall can be set, and nothing but it moves", () => {
  const clock = new VirtualClock(0, 1000);
  clock.advanceTo(50);
  clock.stepWall(-3600);
  expect([clock.nowMs(), clock.machineMs(), clock.epochMs(), clock.wallMs()]).toEqual([50, 50, 1050, -2550]);
});

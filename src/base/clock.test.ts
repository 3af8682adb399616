import { expect, it } from "vitest";
import { createRunClock, realClock } from "./clock.ts";

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

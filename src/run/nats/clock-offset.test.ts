import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { readClockOffset } from "./clock-offset.ts";

/** A coordinator whose clocks are ahead of ours by known amounts, behind ways of known length. */
function coordinator(clock: VirtualClock, ways: readonly (readonly [thereMs: number, backMs: number])[]) {
  let asked = 0;
  return () => {
    const [thereMs = 0, backMs = 0] = ways[asked++ % ways.length] ?? [];
    clock.advanceTo(clock.nowMs() + thereMs);
    const answer = JSON.stringify({ machineMs: clock.machineMs() + 5000, wallMs: clock.wallMs() - 3000 });
    clock.advanceTo(clock.nowMs() + backMs);
    return Promise.resolve(answer);
  };
}

it("takes the quickest answer; the true offset is within its uncertainty, however lopsided the way", async () => {
  const clock = new VirtualClock();
  const ask = coordinator(clock, [
    [40, 1],
    [2, 1],
    [1, 30],
  ]);
  const { offsetMs, uncertaintyMs, wallOffsetMs } = await readClockOffset(ask, clock, 5000);
  expect(uncertaintyMs).toBe(1.5);
  expect(Math.abs(offsetMs - 5000)).toBeLessThanOrEqual(uncertaintyMs);
  expect(Math.abs(wallOffsetMs - 3000)).toBeLessThanOrEqual(uncertaintyMs);
});

it("asks no more when its time is up, and passes over questions without an answer", async () => {
  const clock = new VirtualClock();
  let asked = 0;
  const slow = coordinator(clock, [[50, 50]]);
  const { uncertaintyMs } = await readClockOffset(
    () => (++asked === 1 ? Promise.reject(new Error("timeout")) : slow()),
    clock,
    300,
  );
  expect(uncertaintyMs).toBe(50);
  expect(asked).toBe(4);
});

it("says so when nobody answers", async () => {
  const silent = (): Promise<string> => Promise.reject(new Error("timeout"));
  await expect(readClockOffset(silent, new VirtualClock(), 100)).rejects.toThrow(
    /coordinator did not answer/,
  );
});

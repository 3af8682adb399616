import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { World } from "../../base/process/world.ts";
import { untilNearStart } from "./wait-for-start.ts";

function world(
  clock: VirtualClock,
): Pick<World, "clock" | "onInterrupt"> & { interrupt(): void; heard: number } {
  let hear = (): void => undefined;
  const made = {
    clock,
    heard: 0,
    onInterrupt(handler: Parameters<World["onInterrupt"]>[0]) {
      made.heard++;
      hear = () => handler("SIGINT");
      return () => {
        made.heard--;
      };
    },
    interrupt: () => hear(),
  };
  return made;
}

it("waits until two minutes before the start, and follows a wall clock that is set meanwhile", async () => {
  const clock = new VirtualClock(0, 1_000_000);
  let done = false;
  const own = world(clock);
  const waiting = untilNearStart(own, 1_000_000 + 600_000).then(() => (done = true));
  clock.advanceTo(300_000);
  // The clock was a minute slow, and is corrected.
  clock.stepWall(60_000);
  clock.advanceTo(419_000);
  await Promise.resolve();
  expect(done).toBe(false);
  clock.advanceTo(421_000);
  await waiting;
  expect(own.heard).toBe(0);
});

it("does not wait for a start that is near", async () => {
  const clock = new VirtualClock(0, 1_000_000);
  await untilNearStart(world(clock), 1_000_000 + 119_000);
});

it("ends when it is interrupted", async () => {
  const own = world(new VirtualClock(0, 1_000_000));
  const waiting = untilNearStart(own, 1_000_000 + 600_000);
  own.interrupt();
  await expect(waiting).rejects.toMatchObject({ exitCode: 130 });
  expect(own.heard).toBe(0);
});

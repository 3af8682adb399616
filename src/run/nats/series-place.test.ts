/** A series of runs on a broker: which run its workers are to take part in, and that it is over. */
import { expect, it } from "vitest";
import { createFakeBus } from "../../../test/support/fake-bus.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { SeriesPlace } from "./series-place.ts";
import { openSeriesPlace } from "./series-place.ts";

const clock = new VirtualClock();

/** Ends it, and lets the time pass in which workers hear that. */
async function ended(place: SeriesPlace): Promise<void> {
  const end = place.end();
  await new Promise(setImmediate);
  clock.advanceTo(clock.nowMs() + 1000);
  return end;
}

it("names one run after the other, then that there are no more, and leaves nothing on the broker", async () => {
  const bus = createFakeBus();
  const now = (): unknown => JSON.parse(bus.keys.get("series") ?? "null");
  const place = await openSeriesPlace(bus, "ab", "riva-bench 1.2.3", clock);
  expect(JSON.parse(bus.keys.get("job")!)).toMatchObject({ tool: "riva-bench 1.2.3", isSeries: true });
  expect(now()).toBeNull();
  expect(await place.next()).toBe("ab-1");
  expect(now()).toEqual({ number: 1, runId: "ab-1" });
  expect(await place.next()).toBe("ab-2");
  expect(now()).toEqual({ number: 2, runId: "ab-2" });
  await ended(place);
  expect(bus.keys.size).toBe(0);
});

it("is refused where a run of its name is", async () => {
  const bus = createFakeBus();
  bus.keys.set("job", "{}");
  await expect(openSeriesPlace(bus, "ab", "riva-bench 1.2.3", clock)).rejects.toThrow(
    /a run ab is on the broker already/,
  );
});

it("says when the broker does not take the next run; its end is no failure then", async () => {
  const bus = createFakeBus();
  const place = await openSeriesPlace(bus, "ab", "riva-bench 1.2.3", clock);
  bus.isDown = true;
  await expect(place.next()).rejects.toThrow(/the broker does not take the next run/);
  await expect(ended(place)).resolves.toBeUndefined();
});

import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { gatewayFile } from "../config.ts";
import { createGuard } from "./address-limits.ts";
import type { Guard } from "./address-limits.ts";

function guarded(limits: object): {
  guard: Guard;
  clock: VirtualClock;
  blocked: string[];
  offences: string[];
} {
  const clock = new VirtualClock();
  const blocked: string[] = [];
  const offences: string[] = [];
  const guard = createGuard(() => gatewayFile.parse({ limits }).limits, clock, {
    offence: (kind) => offences.push(kind),
    blocked: (address) => blocked.push(address),
  });
  return { guard, clock, blocked, offences };
}

test("an address is blocked for its offence beyond the limit, alone, for as long as it says, and is told of once", () => {
  const { guard, clock, blocked, offences } = guarded({ offencesPerAddress: 3, penalty: "10s" });
  for (let i = 0; i < 3; i++) guard.offended("a", "bad_session");
  expect([guard.isBlocked("a"), guard.connected("a")]).toEqual([false, "serve"]);
  for (let i = 0; i < 5; i++) guard.offended("a", "bad_session");
  expect(blocked).toEqual(["a"]);
  expect(offences).toHaveLength(8);
  expect([guard.isBlocked("a"), guard.connected("a"), guard.blocked]).toEqual([true, "hold", 1]);
  expect([guard.isBlocked("b"), guard.connected("b")]).toEqual([false, "serve"]);
  clock.advanceTo(9999);
  expect(guard.connected("a")).toBe("hold");
  clock.advanceTo(10_000);
  expect([guard.isBlocked("a"), guard.connected("a"), guard.blocked]).toEqual([false, "serve", 0]);
  // Three a minute: the one that got it blocked is not quite worked off yet, so the next one does again.
  guard.offended("a", "bad_session");
  expect(guard.connected("a")).toBe("hold");
});

test("a client that is wrong now and then is never blocked", () => {
  const { guard, clock, blocked } = guarded({ offencesPerAddress: 60 });
  for (let second = 1; second <= 600; second++) {
    clock.advanceTo(second * 1000);
    guard.offended("a", "refused");
  }
  expect(blocked).toEqual([]);
});

test("more connections than an address may have are dropped, and are free again", () => {
  const { guard } = guarded({ connectionsPerAddress: 2 });
  const verdicts = [1, 2, 3].map(() => guard.connected("a"));
  expect(verdicts).toEqual(["serve", "serve", "drop"]);
  guard.disconnected("a");
  expect(guard.connected("a")).toBe("serve");
});

test("connections and requests above their rate are refused, and only those above it", () => {
  const { guard, clock } = guarded({ requestsPerSecondPerAddress: 10 });
  const asks = Array.from({ length: 60 }, () => guard.mayAsk("a"));
  expect(asks.filter(Boolean)).toHaveLength(40);
  const verdicts = Array.from({ length: 60 }, () => guard.connected("a"));
  expect(verdicts.filter((verdict) => verdict === "serve")).toHaveLength(40);
  expect(verdicts.at(-1)).toBe("drop");
  clock.advanceTo(1000);
  expect(Array.from({ length: 60 }, () => guard.mayAsk("a")).filter(Boolean)).toHaveLength(10);
  expect(guard.mayAsk("b")).toBe(true);
});

test("what goes beyond speech waits for all that is ahead of it; one address gets half", () => {
  const { guard, clock } = guarded({ bulkBytesPerSecond: 1000 });
  // A quarter of a second's worth may come at once: 125 bytes of one address, 250 of all.
  expect(guard.bulk("a", 125)).toBe(0);
  expect(guard.bulk("a", 50)).toBe(100);
  expect(guard.bulk("a", 50)).toBe(200);
  expect(guard.bulk("b", 75)).toBe(50);
  clock.advanceTo(1000);
  expect([guard.bulk("a", 125), guard.bulk("b", 125)]).toEqual([0, 0]);
});

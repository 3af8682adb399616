import { expect, test } from "vitest";
import { OwnerCounts, TokenBucket } from "./rate-limit.ts";

test("a bucket lets a burst through, then what its rate gives", () => {
  const bucket = new TokenBucket(100, 50, 0);
  expect(bucket.take(50, 0)).toBe(true);
  expect(bucket.take(1, 0)).toBe(false);
  expect(bucket.take(10, 500)).toBe(true);
});

test("a bucket that gives what it has owes nothing; a debt takes its time", () => {
  const bucket = new TokenBucket(100, 50, 0);
  expect(bucket.takeUpTo(70, 0)).toBe(20);
  expect([bucket.left(0), bucket.waitMs(0)]).toEqual([0, 0]);
  bucket.take(30, 0);
  expect([bucket.waitMs(0), bucket.waitMs(100), bucket.waitMs(400)]).toEqual([300, 200, 0]);
});

test("sessions are counted by owner, and hanging up buys no new burst", () => {
  const owners = new OwnerCounts(() => ({ sessions: 2, bytesPerSecond: 10 }));
  owners.opened("a", 0);
  owners.opened("a", 0);
  expect([owners.hasRoom("a"), owners.hasRoom("b")]).toEqual([false, true]);
  expect(owners.received("a", 301, 0)).toBe(false);
  owners.closed("a");
  owners.closed("a");
  expect(owners.hasRoom("a")).toBe(true);
  owners.opened("a", 0);
  expect(owners.received("a", 1, 0)).toBe(false);
  owners.closed("a");
  // 10 bytes a second, 30 s of them at once: full again after so long, and then forgotten.
  owners.opened("a", 31_000);
  expect(owners.received("a", 300, 31_000)).toBe(true);
});

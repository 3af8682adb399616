import { expect, test } from "vitest";
import { Breaker } from "./breaker.ts";

const breaker = (): Breaker => new Breaker({ failures: 3, pauseMs: 1000, longestPauseMs: 3000 });

test("opens after failures in a row, and only those", () => {
  const one = breaker();
  one.failed(0);
  one.failed(0);
  one.succeeded();
  one.failed(0);
  one.failed(0);
  expect(one.state).toBe("closed");
  one.failed(0);
  expect(one.state).toBe("open");
});

test("a probe opens it at once, and closes it after the pause", () => {
  const one = breaker();
  one.probed(false, 100);
  expect(one.state).toBe("open");
  one.probed(true, 1099);
  expect(one.state).toBe("open");
  one.probed(true, 1100);
  expect(one.state).toBe("closed");
});

test("the pause doubles when no session worked in between, up to a limit, and is short again after one did", () => {
  const one = breaker();
  const pauseAt = (nowMs: number): number => {
    for (let waitedMs = 0; ; waitedMs += 100) {
      one.probed(true, nowMs + waitedMs);
      if (one.state === "closed") return waitedMs;
    }
  };
  const open = (nowMs: number): void => one.probed(false, nowMs);
  open(0);
  expect(pauseAt(0)).toBe(1000);
  open(10_000);
  expect(pauseAt(10_000)).toBe(2000);
  open(20_000);
  expect(pauseAt(20_000)).toBe(3000);
  one.succeeded();
  open(30_000);
  expect(pauseAt(30_000)).toBe(1000);
  expect(one.openings).toBe(4);
});

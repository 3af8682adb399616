import { expect, test } from "vitest";
import { Breaker } from "./breaker.ts";

const breaker = (): Breaker => new Breaker({ failures: 3, pauseMs: 1000, longestPauseMs: 3000 });

/** Each fails in a session of its own. */
function fail(one: Breaker, sessions: readonly string[], nowMs = 0): void {
  for (const session of sessions) one.watch(session).failed(nowMs);
}

test("opens after sessions that failed in a row, and only those", () => {
  const one = breaker();
  fail(one, ["a", "b"]);
  one.watch("good").ended();
  fail(one, ["c", "d"]);
  expect(one.state).toBe("closed");
  fail(one, ["e"]);
  expect([one.state, one.openings]).toEqual(["open", 1]);
});

test("a session that is tried again and again counts once", () => {
  const one = breaker();
  fail(one, ["a", "a", "a", "a"]);
  expect(one.state).toBe("closed");
});

test("a response is a success, until its stream fails", () => {
  const one = breaker();
  fail(one, ["a", "b"]);
  one.watch("slow").responded();
  fail(one, ["c", "d"]);
  expect(one.state).toBe("closed");

  const two = breaker();
  for (const session of ["a", "b", "c"]) {
    const stream = two.watch(session);
    stream.responded();
    stream.failed(0);
  }
  expect(two.state).toBe("open");
});

test("what failed before a response does not count again when another stream has ended well since", () => {
  const one = breaker();
  fail(one, ["a", "b"]);
  const stream = one.watch("c");
  stream.responded();
  one.watch("good").ended();
  stream.failed(0);
  expect(one.state).toBe("closed");
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

test("after failed streams a good health probe is not believed: a trial stream closes it", () => {
  const one = breaker();
  fail(one, ["a", "b", "c"]);
  one.probed(true, 5000);
  expect([one.state, one.needsTrial(999), one.needsTrial(1000)]).toEqual(["open", false, true]);
  one.tried(false, 1000);
  expect([one.state, one.needsTrial(2999), one.needsTrial(3000)]).toEqual(["open", false, true]);
  one.tried(true, 3000);
  expect([one.state, one.openings]).toEqual(["closed", 1]);
});

test("a server whose health probe failed meanwhile has gone and come back: its probe is believed", () => {
  const one = breaker();
  fail(one, ["a", "b", "c"]);
  one.probed(false, 500);
  expect(one.needsTrial(1000)).toBe(false);
  one.probed(true, 1000);
  expect(one.state).toBe("closed");
});

test("the pause doubles when no stream worked in between, up to a limit, and is short again after one did", () => {
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
  one.watch("good").ended();
  open(30_000);
  expect(pauseAt(30_000)).toBe(1000);
  expect(one.openings).toBe(4);
});

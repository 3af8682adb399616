import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { inLaterTurns } from "./later-turns.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "setImmediate"] }));
afterEach(() => void vi.useRealTimers());

/** One turn of the event loop, with what was put off to it. */
function turn(): void {
  vi.advanceTimersToNextTimer();
}

describe("inLaterTurns", () => {
  it("leaves items alone for 100 ms, then takes an eighth of them a turn, in order", () => {
    const taken: number[] = [];
    const later = inLaterTurns<number>((item) => taken.push(item));
    for (let item = 0; item < 16; item++) later.add(item);
    vi.advanceTimersByTime(99);
    expect(taken).toEqual([]);
    const after: number[] = [];
    while (vi.getTimerCount() > 0) {
      turn();
      after.push(taken.length);
    }
    expect(after).toEqual([2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(taken).toEqual(Array.from({ length: 16 }, (_, item) => item));
  });

  it("keeps the number that waits bounded while more come in every turn than it takes at least", () => {
    let taken = 0;
    const later = inLaterTurns<number>(() => taken++);
    let added = 0;
    for (let turns = 0; turns < 200; turns++) {
      for (let item = 0; item < 10; item++) later.add(added++);
      turn();
      expect(added - taken).toBeLessThanOrEqual(80);
    }
  });

  it("takes what is left when told to, once, and goes on with what comes after", () => {
    const taken: string[] = [];
    const later = inLaterTurns<string>((item) => taken.push(item));
    later.add("a");
    later.add("b");
    later.flush();
    expect(taken).toEqual(["a", "b"]);
    turn();
    expect([taken, vi.getTimerCount()]).toEqual([["a", "b"], 0]);
    later.add("c");
    vi.advanceTimersByTime(100);
    expect(taken).toEqual(["a", "b", "c"]);
  });
});

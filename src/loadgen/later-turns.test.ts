import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { inLaterTurns, type LaterTurns } from "./later-turns.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "setImmediate"] }));
afterEach(() => void vi.useRealTimers());

/** One turn of the event loop, with what was put off to it. */
function turn(): void {
  vi.advanceTimersToNextTimer();
}

/** Later turns of which each item takes so long. */
function slowly(itemMs: number): { taken: number[]; later: LaterTurns<number> } {
  const taken: number[] = [];
  const later = inLaterTurns<number>({ nowMs: () => taken.length * itemMs }, (item) => taken.push(item));
  return { taken, later };
}

function takenAfterEachTurn(taken: readonly number[]): number[] {
  const after: number[] = [];
  while (vi.getTimerCount() > 0) {
    turn();
    after.push(taken.length);
  }
  return after;
}

describe("inLaterTurns", () => {
  it("leaves items alone for 250 ms, then takes them in order for a millisecond a turn", () => {
    const { taken, later } = slowly(0.3);
    for (let item = 0; item < 10; item++) later.add(item);
    vi.advanceTimersByTime(249);
    expect(taken).toEqual([]);
    expect(takenAfterEachTurn(taken)).toEqual([4, 8, 10]);
    expect(taken).toEqual(Array.from({ length: 10 }, (_, item) => item));
  });

  it("takes an eighth of them a turn where that is more", () => {
    const { taken, later } = slowly(2);
    for (let item = 0; item < 16; item++) later.add(item);
    expect(takenAfterEachTurn(taken)).toEqual([2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });

  it("keeps the number that waits bounded while more come in every turn than a millisecond is enough for", () => {
    const { taken, later } = slowly(2);
    let added = 0;
    for (let turns = 0; turns < 200; turns++) {
      for (let item = 0; item < 10; item++) later.add(added++);
      turn();
      expect(added - taken.length).toBeLessThanOrEqual(80);
    }
  });

  it("takes what is left when told to, once, and goes on with what comes after", () => {
    const taken: string[] = [];
    const later = inLaterTurns<string>({ nowMs: () => 0 }, (item) => taken.push(item));
    later.add("a");
    later.add("b");
    later.flush();
    expect(taken).toEqual(["a", "b"]);
    turn();
    expect([taken, vi.getTimerCount()]).toEqual([["a", "b"], 0]);
    later.add("c");
    vi.advanceTimersByTime(250);
    expect(taken).toEqual(["a", "b", "c"]);
  });
});

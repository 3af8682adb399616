import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { inLaterTurns, type LaterTurns } from "./later-turns.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setImmediate", "clearImmediate"] }));
afterEach(() => void vi.useRealTimers());

/** Later turns of which each item takes so long, with `count` items in them. */
function slowly(itemMs: number, count: number): { taken: number[]; later: LaterTurns<number> } {
  const taken: number[] = [];
  const later = inLaterTurns<number>({ nowMs: () => taken.length * itemMs }, (item) => taken.push(item));
  for (let item = 0; item < count; item++) later.add(item);
  return { taken, later };
}

/** Works off a round; returns how many items had been taken after each turn. */
function takenAfterEachTurn({ taken, later }: ReturnType<typeof slowly>): number[] {
  const after: number[] = [];
  const done = vi.fn();
  later.work(done);
  after.push(taken.length);
  while (vi.getTimerCount() > 0) {
    expect(done).not.toHaveBeenCalled();
    vi.advanceTimersToNextTimer();
    after.push(taken.length);
  }
  expect(done).toHaveBeenCalledOnce();
  return after;
}

describe("inLaterTurns", () => {
  it("leaves items alone until it is asked, then takes them in order for a millisecond a turn", () => {
    const { taken, later } = slowly(0.3, 10);
    expect([taken, vi.getTimerCount()]).toEqual([[], 0]);
    expect(takenAfterEachTurn({ taken, later })).toEqual([4, 8, 10]);
    expect(taken).toEqual(Array.from({ length: 10 }, (_, item) => item));
  });

  it("ends a round after 64 turns, however long its items take", () => {
    const after = takenAfterEachTurn(slowly(5, 640));
    expect(after).toEqual(Array.from({ length: 64 }, (_, turns) => 10 * (turns + 1)));
  });

  it("leaves what comes in during a round to the next one", () => {
    const { taken, later } = slowly(2, 2);
    const done = vi.fn();
    later.work(done);
    later.add(2);
    vi.runAllTimers();
    expect(taken).toEqual([0, 1]);
    expect(done).toHaveBeenCalledOnce();
    later.work(done);
    expect(taken).toEqual([0, 1, 2]);
    expect(done).toHaveBeenCalledTimes(2);
  });

  it("takes what is left when told to, of the round under way and of the next, and ends the round once", () => {
    const { taken, later } = slowly(2, 3);
    let takenInRound: number | undefined;
    later.work(() => (takenInRound = taken.length));
    later.add(3);
    later.flush();
    expect([taken, takenInRound, vi.getTimerCount()]).toEqual([[0, 1, 2, 3], 3, 0]);
    later.flush();
    expect(taken).toHaveLength(4);
  });

  it("has nothing to do where nothing waits, and says so at once", () => {
    const { later } = slowly(1, 0);
    const done = vi.fn();
    later.work(done);
    expect(done).toHaveBeenCalledOnce();
  });
});

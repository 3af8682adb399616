import { describe, expect, it } from "vitest";
import { inLaterTurns } from "./later-turns.ts";

/** Resolves in the next turn of the event loop, after what was put off to it before. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("inLaterTurns", () => {
  it("takes nothing in the turn in which items come, then an eighth of them a turn, in order", async () => {
    const taken: number[] = [];
    const later = inLaterTurns<number>((item) => taken.push(item));
    for (let item = 0; item < 16; item++) later.add(item);
    await Promise.resolve();
    expect(taken).toEqual([]);
    const after: number[] = [];
    while (taken.length < 16) {
      await turn();
      after.push(taken.length);
    }
    expect(after).toEqual([2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(taken).toEqual(Array.from({ length: 16 }, (_, item) => item));
  });

  it("keeps the number that waits bounded while more come in every turn than it takes at least", async () => {
    let taken = 0;
    const later = inLaterTurns<number>(() => taken++);
    let added = 0;
    for (let turns = 0; turns < 200; turns++) {
      for (let item = 0; item < 10; item++) later.add(added++);
      await turn();
      expect(added - taken).toBeLessThanOrEqual(80);
    }
  });

  it("takes what is left when told to, once", async () => {
    const taken: string[] = [];
    const later = inLaterTurns<string>((item) => taken.push(item));
    later.add("a");
    later.add("b");
    later.flush();
    expect(taken).toEqual(["a", "b"]);
    await turn();
    expect(taken).toEqual(["a", "b"]);
    later.add("c");
    await turn();
    expect(taken).toEqual(["a", "b", "c"]);
  });
});

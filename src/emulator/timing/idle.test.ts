import { expect, it } from "vitest";
import { idleQueue } from "./idle.ts";

const turn = (): Promise<void> => new Promise(setImmediate);

it("work runs in order, later than what queued it, and long work leaves turns to others", async () => {
  let nowMs = 0;
  const whenIdle = idleQueue({ nowMs: () => nowMs });
  const ran: number[] = [];
  for (const [piece, tookMs] of [2, 0.4, 0.4, 0.4, 5].entries()) {
    whenIdle(() => {
      nowMs += tookMs;
      ran.push(piece);
    });
  }
  expect(ran).toEqual([]);
  await turn();
  expect(ran).toEqual([0]);
  await turn();
  expect(ran).toEqual([0, 1, 2, 3]);
  await turn();
  expect(ran).toEqual([0, 1, 2, 3, 4]);
  whenIdle(() => ran.push(5));
  await turn();
  expect(ran).toEqual([0, 1, 2, 3, 4, 5]);
});

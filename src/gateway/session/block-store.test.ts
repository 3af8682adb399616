import { expect, test } from "vitest";
import { createBlockStore } from "./block-store.ts";

test("a block that was given back is taken again", () => {
  const store = createBlockStore();
  const first = store.take();
  expect(first).toHaveLength(store.blockBytes);
  store.giveBack(first);
  expect(store.take()).toBe(first);
});

test("two takers never have the same block", () => {
  const store = createBlockStore();
  store.giveBack(store.take());
  expect(new Set(Array.from({ length: 10 }, () => store.take())).size).toBe(10);
});

test("what is spare is bounded: most blocks of a peak are let go when it is over", () => {
  const store = createBlockStore();
  const peak = new Set(Array.from({ length: 2000 }, () => store.take()));
  for (const block of peak) store.giveBack(block);
  const again = Array.from({ length: 2000 }, () => store.take());
  const reused = again.filter((block) => peak.has(block)).length;
  expect(reused).toBeGreaterThanOrEqual(256);
  expect(reused).toBeLessThanOrEqual(1000);
});

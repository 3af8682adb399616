import { expect, test } from "vitest";
import { createBlockStore } from "./block-store.ts";
import { KeptAudio } from "./kept-audio.ts";

const MS_100 = Buffer.alloc(3200);

test("keeps what has no final yet", () => {
  const kept = new KeptAudio(16_000, 1000, createBlockStore());
  for (let i = 0; i < 5; i++) kept.add(MS_100);
  kept.recognised(250);
  expect([kept.fromMs, kept.pieces().length]).toEqual([200, 3]);
});

test("what is told beside a piece stays with it", () => {
  const kept = new KeptAudio(16_000, 1000, createBlockStore());
  const force = { force_eou: "true" };
  for (let i = 0; i < 4; i++) kept.add(MS_100, false, i === 2 ? force : undefined);
  kept.recognised(100);
  expect(kept.pieces().map(({ runtimeConfig }) => runtimeConfig)).toEqual([undefined, force, undefined]);
  kept.clear();
  kept.add(MS_100);
  expect(kept.pieces()).toEqual([{ bytes: MS_100 }]);
});

test("is bounded: the oldest goes, and where the rest begins is known", () => {
  const kept = new KeptAudio(16_000, 300, createBlockStore());
  for (let i = 0; i < 3; i++) kept.add(MS_100);
  expect([kept.full, kept.fromMs]).toEqual([true, 0]);
  kept.add(MS_100);
  expect([kept.fromMs, kept.pieces().length]).toEqual([100, 3]);
});

test("audio that no recogniser has heard is kept beyond the limit", () => {
  const kept = new KeptAudio(16_000, 300, createBlockStore());
  for (let i = 0; i < 4; i++) kept.add(MS_100, true);
  expect([kept.full, kept.fromMs, kept.pieces().length]).toEqual([true, 0, 4]);
  kept.add(MS_100);
  expect([kept.fromMs, kept.pieces().length]).toEqual([200, 3]);
});

test("a piece longer than the limit is kept alone and whole", () => {
  const kept = new KeptAudio(16_000, 300, createBlockStore());
  const long = Buffer.alloc(20_000, 7);
  kept.add(MS_100);
  kept.add(long);
  expect([kept.fromMs, kept.pieces()]).toEqual([100, [{ bytes: long }]]);
});

test("all memory goes back: what was dropped, what was recognised, the rest at the end", () => {
  const { blockBytes, ...rest } = createBlockStore();
  const out = new Set<Buffer>();
  const store = {
    blockBytes,
    take() {
      const block = rest.take();
      out.add(block);
      return block;
    },
    giveBack: (block: Buffer) => expect(out.delete(block)).toBe(true),
  };
  const kept = new KeptAudio(16_000, 2000, store);
  for (let i = 0; i < 100; i++) kept.add(MS_100);
  expect(out.size).toBe(5);
  kept.recognised(9000);
  expect(out.size).toBe(3);
  kept.clear();
  expect(out.size).toBe(0);
});

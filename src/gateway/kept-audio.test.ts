import { expect, test } from "vitest";
import { KeptAudio } from "./kept-audio.ts";

const MS_100 = Buffer.alloc(3200);

test("keeps what has no final yet", () => {
  const kept = new KeptAudio(16_000, 1000);
  for (let i = 0; i < 5; i++) kept.add(MS_100);
  kept.recognised(250);
  expect([kept.fromMs, kept.parts().length]).toEqual([200, 3]);
});

test("is bounded: the oldest goes, and where the rest begins is known", () => {
  const kept = new KeptAudio(16_000, 300);
  for (let i = 0; i < 3; i++) kept.add(MS_100);
  expect([kept.full, kept.fromMs]).toEqual([true, 0]);
  kept.add(MS_100);
  expect([kept.fromMs, kept.parts().length]).toEqual([100, 3]);
});

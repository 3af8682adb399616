import { expect, test } from "vitest";
import { SilenceKeeper } from "./silence.ts";

test("times of a recogniser that heard silence in between are those of the caller's audio", () => {
  const keeper = new SilenceKeeper(16_000);
  keeper.heard(32_000); // 1 s
  expect(keeper.insert(100)).toEqual(Buffer.alloc(3200));
  keeper.insert(100);
  keeper.heard(32_000);
  expect([500, 1000, 1050, 1200, 1700, 2200].map((ms) => keeper.callerTime(ms))).toEqual([
    500, 1000, 1000, 1000, 1500, 2000,
  ]);
});

test("a recogniser that took over counts from where it began to hear", () => {
  const keeper = new SilenceKeeper(8000, 3000);
  keeper.heard(16_000);
  expect(keeper.callerTime(250)).toBe(3250);
});

import { expect, test } from "vitest";
import { Rotation } from "./rotation.ts";

test("takes the addresses in turn and counts", () => {
  const rotation = new Rotation(["a", "b", "c"], 4);
  expect(Array.from({ length: 7 }, () => rotation.take())).toEqual(["b", "c", "a", "b", "c", "a", "b"]);
  expect(rotation.counts()).toEqual({ a: 2, b: 3, c: 2 });
});

test("without addresses the system chooses, and nothing is counted", () => {
  const rotation = new Rotation();
  expect([rotation.take(), rotation.all, rotation.counts()]).toEqual([undefined, [undefined], {}]);
});

import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { InferenceMeter } from "./inference-meter.ts";
import { exactPace } from "./pace.ts";
import { slottedPace } from "./sequence-slots.ts";

function setUp(slots: number) {
  const clock = new VirtualClock();
  const meter = new InferenceMeter(["a"], 0);
  const pace = slottedPace(exactPace({ partialMs: 10, finalMs: 10 }, meter), slots, clock);
  const left: [string, number][] = [];
  const calls = new Map<string, object>();
  const callOf = (name: string): object => {
    const call = calls.get(name) ?? {};
    calls.set(name, call);
    return call;
  };
  return {
    clock,
    pace,
    left,
    submit: (name: string) =>
      pace.submit({
        arrivedMs: clock.nowMs(),
        weight: 1,
        last: false,
        call: callOf(name),
        model: "a",
        release: (leavesMs) => left.push([name, leavesMs]),
      }),
    end: (name: string) => pace.drop(callOf(name)),
  };
}

it("a stream beyond the slots gets nothing until another ends, then all that it waits for, in order", () => {
  const { clock, pace, left, submit, end } = setUp(2);
  for (const name of ["a", "b", "c", "c", "d", "a"]) submit(name);
  expect(left).toEqual([
    ["a", 10],
    ["b", 10],
    ["a", 10],
  ]);
  expect(pace.waiting).toBe(3);
  clock.advanceTo(1000);
  end("b");
  expect(left.slice(3)).toEqual([
    ["c", 1010],
    ["c", 1010],
  ]);
  expect(pace.waiting).toBe(1);
  end("a");
  expect(left.slice(5)).toEqual([["d", 1010]]);
});

it("a stream that gives up waiting is forgotten, and takes nobody's place", () => {
  const { left, submit, end, pace } = setUp(1);
  for (const name of ["a", "b", "c"]) submit(name);
  end("b");
  expect(pace.waiting).toBe(1);
  end("a");
  expect(left.map(([name]) => name)).toEqual(["a", "c"]);
});

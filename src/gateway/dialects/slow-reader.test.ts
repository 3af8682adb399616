import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { createOutbox } from "./slow-reader.ts";

function outbox(waitingBytes = 1000) {
  const clock = new VirtualClock();
  const sent: string[] = [];
  const acknowledge: (() => void)[] = [];
  let stuck = 0;
  const box = createOutbox(
    { send: (message, done) => (sent.push(message), acknowledge.push(done)) },
    clock,
    { stuckMs: 5000, waitingBytes },
    () => stuck++,
  );
  return { box, clock, sent, acknowledge, stuck: () => stuck };
}

test("a caller that reads gets everything at once", () => {
  const { box, sent, acknowledge } = outbox();
  for (let i = 0; i < 20; i++) {
    box.push(`${i}`, true);
    acknowledge.shift()?.();
  }
  expect(sent).toHaveLength(20);
});

test("a slow one is spared interim results that are out of date, never a final", () => {
  const { box, sent, acknowledge } = outbox();
  for (let i = 0; i < 8; i++) box.push("on the way", false);
  for (const [message, replaceable] of [
    ["i1", true],
    ["i2", true],
    ["final", false],
    ["i3", true],
    ["i4", true],
  ] as const)
    box.push(message, replaceable);
  for (let i = 0; i < 8; i++) acknowledge[i]?.();
  // i1 by i2, i2 by the final, i3 by i4.
  expect(sent.slice(8)).toEqual(["final", "i4"]);
});

test("one that reads nothing is given up after a while, or when too much waits", () => {
  const { box, clock, stuck } = outbox();
  for (let i = 0; i < 9; i++) box.push("x", false);
  clock.advanceTo(4999);
  expect(stuck()).toBe(0);
  clock.advanceTo(5000);
  expect(stuck()).toBe(1);

  const full = outbox(10);
  for (let i = 0; i < 9; i++) full.box.push("12345678901", false);
  expect(full.stuck()).toBe(1);
});

test("at the end the rest is sent, and nothing after it", () => {
  const { box, sent } = outbox();
  for (let i = 0; i < 10; i++) box.push(`${i}`, false);
  box.end();
  box.push("late", false);
  expect(sent).toHaveLength(10);
});

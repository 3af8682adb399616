import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { createOutbox } from "./outbox.ts";

const settle = (): Promise<void> => new Promise(setImmediate);

it("stores in order, each message again under its id until the broker has it", async () => {
  const clock = new VirtualClock();
  const tried: string[] = [];
  let isDown = true;
  const store = (tail: string, body: Uint8Array, id: string): Promise<number> => {
    tried.push(`${tail} ${Buffer.from(body).toString()} ${id}`);
    return isDown ? Promise.reject(new Error("no room")) : Promise.resolve(tried.length);
  };
  const outbox = createOutbox({ store }, "3.abc", clock);
  expect(outbox.stuck()).toBeUndefined();
  void outbox.send("said", Buffer.from("one"));
  const second = outbox.send("starts", Buffer.from("two"));
  await settle();
  clock.advanceTo(1000);
  await settle();
  expect(outbox.stuck()).toEqual({ sinceMs: 0, why: "no room" });
  isDown = false;
  clock.advanceTo(2000);
  await second;
  expect(outbox.stuck()).toBeUndefined();
  expect([...new Set(tried)]).toEqual(["3.abc.said one 3.abc.1", "3.abc.starts two 3.abc.2"]);
  expect(tried.length).toBeGreaterThan(2);
});

it("closed, it lets go of whoever waits", async () => {
  const clock = new VirtualClock();
  const outbox = createOutbox({ store: () => Promise.reject(new Error("down")) }, "0.abc", clock);
  const waiting = outbox.send("said", Buffer.from("lost"));
  await settle();
  outbox.close();
  clock.advanceTo(1000);
  await waiting;
});

import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { SupervisorMessage, WorkerEvents, WorkerStart } from "./supervisor.ts";
import { supervise } from "./supervisor.ts";

interface Fake {
  start: WorkerStart;
  events: WorkerEvents;
  heard: (SupervisorMessage | NodeJS.Signals)[];
  terminated: boolean;
}

function world() {
  const clock = new VirtualClock();
  const workers: Fake[] = [];
  const supervisor = supervise((start, events) => {
    const one: Fake = { start, events, heard: [], terminated: false };
    workers.push(one);
    return { post: (message) => one.heard.push(message), terminate: () => (one.terminated = true) };
  }, clock);
  const at = (index: number): Fake => {
    const one = workers[index];
    if (one === undefined) throw new Error(`no worker ${index}`);
    return one;
  };
  /** The next worker takes over as it should. */
  const replaceBy = (before: number, after: number): void => {
    at(after).events.message({ type: "loaded" });
    at(before).events.message({ type: "released", drainMs: 1000 });
    at(after).events.message({ type: "listening", port: 9000 });
  };
  return { clock, workers, supervisor, at, replaceBy };
}

test("a worker that fails is replaced: the next is loaded, the port released, then it listens; the old one goes in its own time", async () => {
  const { clock, workers, supervisor, at } = world();
  expect(at(0).start).toEqual({ restarts: 0 });
  at(0).events.message({ type: "listening", port: 9000 });
  at(0).events.message({ type: "failing" });
  at(0).events.message({ type: "failing" });
  clock.advanceTo(1);
  expect([workers.length, at(1).start]).toEqual([2, { restarts: 1, port: 9000 }]);
  expect([at(0).heard, at(1).heard]).toEqual([[], []]);
  at(1).events.message({ type: "loaded" });
  expect([at(0).heard, at(1).heard]).toEqual([[{ type: "release" }], []]);
  at(0).events.message({ type: "released", drainMs: 1000 });
  expect(at(1).heard).toEqual([{ type: "listen" }]);
  at(0).events.ended(0);
  supervisor.signal("SIGTERM");
  expect([at(0).heard.length, at(1).heard.at(-1)]).toEqual([1, "SIGTERM"]);
  at(1).events.ended(0);
  expect(await supervisor.finished).toBe(0);
});

test("an old worker that does not end is ended after its limit, and one that does not answer does not keep the port from the next", () => {
  const { clock, at } = world();
  at(0).events.message({ type: "listening", port: 9000 });
  at(0).events.message({ type: "failing" });
  clock.advanceTo(1);
  at(1).events.message({ type: "loaded" });
  clock.advanceTo(999);
  expect(at(1).heard).toEqual([]);
  clock.advanceTo(1001);
  expect(at(1).heard).toEqual([{ type: "listen" }]);
  at(0).events.message({ type: "released", drainMs: 2000 });
  clock.advanceTo(8000);
  expect(at(0).terminated).toBe(false);
  clock.advanceTo(8002);
  expect(at(0).terminated).toBe(true);
});

test("a worker that is gone at once is replaced; failures one after the other wait longer, up to half a minute", () => {
  const { clock, workers, at } = world();
  at(0).events.message({ type: "listening", port: 9000 });
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    const fromMs = clock.nowMs();
    at(i).events.ended(1, new Error("out of memory"));
    while (workers.length === i + 1) clock.advanceTo(clock.nowMs() + 100);
    waits.push(clock.nowMs() - fromMs - 100);
    at(i + 1).events.message({ type: "loaded" });
    at(i + 1).events.message({ type: "listening", port: 9000 });
  }
  expect(waits).toEqual([0, 400, 900, 1900, 3900, 7900, 15_900, 29_900, 29_900]);
  clock.advanceTo(clock.nowMs() + 60_000);
  at(9).events.ended(1);
  clock.advanceTo(clock.nowMs() + 1);
  expect(workers).toHaveLength(11);
});

test("one that can't be loaded is tried again, and the failing one answers meanwhile", () => {
  const { clock, workers, at, replaceBy } = world();
  at(0).events.message({ type: "listening", port: 9000 });
  at(0).events.message({ type: "failing" });
  clock.advanceTo(1);
  at(1).events.ended(2);
  clock.advanceTo(499);
  expect(workers).toHaveLength(2);
  clock.advanceTo(502);
  expect([workers.length, at(0).heard]).toEqual([3, []]);
  replaceBy(0, 2);
  expect(at(2).heard).toEqual([{ type: "listen" }]);
});

test("one that fails while it takes over is replaced, too; no more than two old ones stay", () => {
  const { clock, workers, at, replaceBy } = world();
  at(0).events.message({ type: "listening", port: 9000 });
  for (let i = 0; i < 4; i++) {
    at(i).events.message({ type: "failing" });
    clock.advanceTo(clock.nowMs() + 31_000);
    expect(workers).toHaveLength(i + 2);
    at(i + 1).events.message({ type: "loaded" });
    if (i === 1) at(2).events.message({ type: "failing" });
    replaceBy(i, i + 1);
  }
  // Those that released their port were ended by its limit; the fake ones never say that they have gone.
  expect(workers.slice(0, 2).every(({ terminated }) => terminated)).toBe(true);
  expect(at(4).terminated).toBe(false);
});

test("a first worker that does not start is not replaced: its exit code or error is the command's", async () => {
  const usage = world();
  usage.at(0).events.ended(2);
  expect(await usage.supervisor.finished).toBe(2);
  const broken = world();
  broken.at(0).events.ended(1, new Error("no module"));
  await expect(broken.supervisor.finished).rejects.toThrow("no module");
  broken.clock.advanceTo(60_000);
  expect(broken.workers).toHaveLength(1);
});

test("a signal reaches all workers and ends the supervision, also while none runs", async () => {
  const { clock, workers, supervisor, at } = world();
  at(0).events.message({ type: "listening", port: 9000 });
  supervisor.signal("SIGHUP");
  expect(at(0).heard).toEqual(["SIGHUP"]);
  at(0).events.ended(1);
  clock.advanceTo(1);
  at(1).events.ended(1);
  supervisor.signal("SIGTERM");
  expect(await supervisor.finished).toBe(0);
  clock.advanceTo(60_000);
  expect(workers).toHaveLength(2);
});

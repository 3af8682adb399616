import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createFakeBus } from "../../../test/support/fake-bus.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { recordFiles } from "../../store/run-folder.ts";
import type { Fleet } from "./fleet.ts";
import { openFleet } from "./fleet.ts";
import type { Alive, Order, RemoteJob, Said } from "./messages.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fleet-"));
  failures.length = 0;
  problems.length = 0;
});
afterEach(async () => {
  for (const { fleet, pass } of open.splice(0)) await end(fleet, pass, "over");
  rmSync(folder, { recursive: true });
});

const open: { fleet: Fleet; pass: (ms: number) => Promise<void> }[] = [];
const runId = "run";
const incarnation = "now";
const failures: string[] = [];
const problems: string[] = [];
const told = {
  onFailure: (error: Error) => void failures.push(error.message),
  onProblem: ({ message }: { message: string }) => void problems.push(message),
};

async function setUp(workers: number) {
  const clock = new VirtualClock();
  const bus = createFakeBus();
  const job = { runId, incarnation, workers } as RemoteJob;
  const files = recordFiles(folder);
  const fleet = await openFleet({ bus, job, clock, files, joinMs: 5000, ...told });
  /** Time passes, and what waits for it is done. */
  const pass = async (ms: number): Promise<void> => {
    for (const endMs = clock.nowMs() + ms; clock.nowMs() < endMs;) {
      await new Promise(setImmediate);
      clock.advanceTo(Math.min(endMs, clock.nowMs() + 50));
      await new Promise(setImmediate);
    }
  };
  open.push({ fleet, pass });
  const heard: string[] = [];
  const handles = Array.from({ length: workers }, (_, index) => {
    const handle = fleet.launch(index);
    handle.channel.onMessage((message) =>
      heard.push(`${index} ${"message" in message ? message.message : message.type}`),
    );
    handle.channel.onClose((how) => heard.push(`${index} closed: ${how}`));
    return handle;
  });
  const numbers = new Map<string, number>();
  const store = (index: number, kind: string, body: string, of = incarnation): Promise<number> => {
    const place = `${index}.${of}`;
    const number = (numbers.get(place) ?? 0) + 1;
    numbers.set(place, number);
    return bus.store(`${place}.${kind}`, Buffer.from(body), `${place}.${number}`);
  };
  const say = (index: number, said: Said, of?: string): Promise<number> =>
    store(index, "said", JSON.stringify(said), of);
  const orders = (): Order[] =>
    [...bus.keys].flatMap(([key, text]) => (key.startsWith("order.") ? [JSON.parse(text) as Order] : []));
  return { bus, clock, fleet, pass, heard, handles, store, say, orders };
}

const end = async (fleet: Fleet, pass: (ms: number) => Promise<void>, why: string): Promise<void> => {
  const ended = fleet.end(why);
  await pass(8000);
  await ended;
};

it("refuses a run whose name is on the broker", async () => {
  const { bus, clock } = await setUp(1);
  const again = openFleet({
    ...{ ...told, bus, clock, joinMs: 1000, files: recordFiles(folder) },
    job: { runId, incarnation: "later", workers: 1 } as RemoteJob,
  });
  await expect(again).rejects.toThrow(/a run run is on the broker already/);
});

it("writes an order to all workers once, in order, and says how many there are", async () => {
  const { bus, handles, pass, orders } = await setUp(3);
  for (const type of ["settle", "stop"] as const)
    for (const { channel } of handles) channel.send({ type, runId });
  await pass(100);
  expect(orders()).toEqual([
    { type: "settle", runId },
    { type: "stop", runId },
  ]);
  const last = JSON.parse(bus.published.findLast(({ tail }) => tail === "alive")!.body) as Alive;
  expect(last).toEqual({ incarnation, orders: 2, read: 0 });
});

it("an order that the broker does not take is written when it is there again", async () => {
  const { bus, handles, pass, orders } = await setUp(1);
  bus.isDown = true;
  handles[0]!.channel.send({ type: "stop", runId });
  await pass(2000);
  expect(orders()).toEqual([]);
  bus.isDown = false;
  await pass(1000);
  expect(orders()).toEqual([{ type: "stop", runId }]);
});

it("names the workers that are not ready in time, and how far they came", async () => {
  const { heard, pass, say } = await setUp(3);
  await say(0, { type: "claimed", host: "box-a", weight: 4 });
  await say(0, { type: "clock", reading: { offsetMs: 0, wallOffsetMs: 0, uncertaintyMs: 1 } });
  await say(2, { type: "claimed", host: "box-c", weight: 4 });
  await pass(6000);
  expect(heard).toEqual([]);
  expect(failures).toEqual([
    "2 of 3 workers were not ready within 5s: index 1 (nobody came), 2 (on box-c, not ready)",
  ]);
});

it("deals the plan by weight when all places are claimed, once, and names those that get no further", async () => {
  const { pass, say, orders, fleet } = await setUp(2);
  await say(0, { type: "claimed", host: "box-a", weight: 8 });
  await pass(500);
  expect(orders()).toEqual([]);
  for (const weight of [0, 1.5, 1e9]) await say(1, { type: "claimed", host: "hostile", weight });
  await say(1, { type: "claimed", host: "box-b", weight: 2 });
  await say(1, { type: "claimed", host: "box-b", weight: 64 });
  await pass(500);
  expect(orders()).toEqual([{ type: "deal", weights: [8, 2] }]);
  expect(fleet.workers().workers.map(({ host, weight }) => [host, weight])).toEqual([
    ["box-a", 8],
    ["box-b", 2],
  ]);
  await say(0, { type: "share", share: { of: 5, remainders: [0, 1, 3, 4] }, processes: 2 });
  await pass(500);
  expect(failures).toEqual([]);
  const message = { type: "ready", planHash: "p", connections: 1, warmUpMs: 1, runId } as const;
  await say(0, { type: "message", message, snapshots: 0 });
  await pass(5000);
  expect(failures).toEqual(["1 of 2 workers were not ready within 5s: index 1 (on box-b, not ready)"]);
});

it("fails where something else has dealt a worker another share", async () => {
  const { pass, say } = await setUp(2);
  for (const index of [0, 1]) await say(index, { type: "claimed", host: "box", weight: 1 });
  await say(1, { type: "share", share: { of: 2, remainders: [0] }, processes: 1 });
  await pass(500);
  expect(failures).toEqual(["worker 2 was dealt a share of the load that this run did not give it"]);
});

it("ends the wait for a worker that claims its place without a weight", async () => {
  const { pass, say } = await setUp(1);
  await say(0, { type: "claimed", host: "hostile", weight: 0 });
  await say(0, { type: "clock", reading: { offsetMs: 0, wallOffsetMs: 0, uncertaintyMs: 1 } });
  await pass(6000);
  expect(failures).toEqual(["1 of 1 workers were not ready within 5s: index 0 (nobody came)"]);
});

it("hears nothing of a worker that is fenced, nor of an earlier run of the same name", async () => {
  const { heard, handles, pass, say, orders } = await setUp(2);
  for (const { channel } of handles) channel.send({ type: "start", atMachineMs: 1, runId });
  handles[1]!.kill();
  await pass(300);
  await say(1, { type: "gone", why: "came back" });
  await say(0, { type: "gone", why: "is of yesterday" }, "yesterday");
  await say(0, { type: "gone", why: "was told to end" });
  await pass(1000);
  expect(heard).toEqual(["0 closed: was told to end"]);
  expect(orders()).toContainEqual({ type: "fence", index: 1 });
});

it("at the end takes the last records in, tells why, and leaves nothing on the broker", async () => {
  const { bus, fleet, pass } = await setUp(1);
  for (const id of ["a.1", "b.1"])
    await bus.store(`0.${incarnation}.sessions`, Buffer.from('{"seq":1}\n{"seq":2}\n'), id);
  await bus.store(`0.${incarnation}.sessions`, Buffer.from('{"seq":"of somebody else"}\n'), "");
  await end(fleet, pass, "the run is over");
  open.pop();
  expect(readFileSync(recordFiles(folder).sessionsFile, "utf8")).toBe('{"seq":1}\n{"seq":2}\n');
  expect(JSON.parse(bus.published.at(-1)!.body)).toMatchObject({ ended: "the run is over" });
  expect(bus.keys.size).toBe(0);
});

it("a worker whose messages went missing on the broker is lost, with what came before", async () => {
  const { bus, fleet, heard, handles, pass, store } = await setUp(1);
  handles[0]!.channel.send({ type: "start", atMachineMs: 1, runId });
  await store(0, "sessions", '{"seq":1}\n');
  await bus.store(`0.${incarnation}.sessions`, Buffer.from('{"seq":3}\n'), `0.${incarnation}.4`);
  await bus.store(`0.${incarnation}.sessions`, Buffer.from('{"seq":4}\n'), `0.${incarnation}.5`);
  await end(fleet, pass, "the run is over");
  open.pop();
  expect(heard).toEqual(["0 closed: had said more than the broker kept (2 messages are missing)"]);
  expect(readFileSync(recordFiles(folder).sessionsFile, "utf8")).toBe('{"seq":1}\n');
});

it("what a worker had stored before it was taken for lost counts, for it may be the coordinator that is behind", async () => {
  const { bus, fleet, handles, pass, store } = await setUp(1);
  handles[0]!.channel.send({ type: "start", atMachineMs: 1, runId });
  bus.isDown = true;
  await pass(1000);
  bus.isDown = false;
  await store(0, "sessions", '{"seq":1}\n');
  handles[0]!.kill();
  await pass(1000);
  await store(0, "sessions", '{"seq":2}\n');
  await end(fleet, pass, "the run is over");
  open.pop();
  expect(readFileSync(recordFiles(folder).sessionsFile, "utf8")).toBe('{"seq":1}\n');
});

it("says in its beats how far it has read", async () => {
  const { bus, pass, say } = await setUp(1);
  await say(0, { type: "claimed", host: "box-a", weight: 4 });
  await pass(2500);
  expect(JSON.parse(bus.published.findLast(({ tail }) => tail === "alive")!.body)).toMatchObject({ read: 1 });
});

it("refuses a job that the broker can't take in one message, and leaves nothing there", async () => {
  const bus = createFakeBus();
  const job = { runId, incarnation, workers: 1, scenario: "x".repeat(1_000_000) } as RemoteJob;
  const opened = openFleet({
    bus,
    job,
    clock: new VirtualClock(),
    files: recordFiles(folder),
    joinMs: 1000,
    ...told,
  });
  await expect(opened).rejects.toThrow(/the run's job has 1001\d+ bytes, .* the broker takes 1000000/);
  expect(bus.keys.size).toBe(0);
});

it("takes the run off the broker again when its own files can't be opened", async () => {
  const bus = createFakeBus();
  const job = { runId, incarnation, workers: 1 } as RemoteJob;
  const files = recordFiles(join(folder, "not-there"));
  await expect(
    openFleet({ bus, job, clock: new VirtualClock(), files, joinMs: 1000, ...told }),
  ).rejects.toThrow(/ENOENT/);
  expect(bus.keys.size).toBe(0);
});

it("does not wait for ever for what a lost worker had stored where the broker can't be read any more", async () => {
  const { bus, fleet, handles, heard, pass, say } = await setUp(1);
  handles[0]!.channel.send({ type: "start", atMachineMs: 1, runId });
  await pass(100);
  bus.isDown = true;
  handles[0]!.kill();
  await pass(31_000);
  bus.isDown = false;
  await say(0, { type: "gone", why: "came back" });
  await pass(300);
  expect(heard).toEqual([]);
  bus.isDown = true;
  const ended = fleet.end("the run is over");
  await pass(20_000);
  await ended;
  open.pop();
});

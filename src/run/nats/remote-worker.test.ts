import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Addressed, FromWorker } from "../../loadgen/workers/protocol.ts";
import type { Snapshot } from "../../metrics/record/snapshot.ts";
import type { Said } from "./messages.ts";
import { createRemoteWorker } from "./remote-worker.ts";

const runId = "run";
const snapshot = (fromMs: number): Addressed<FromWorker> => ({
  ...{ type: "snapshot", runId },
  snapshot: { fromMs, series: {}, counts: {} } as unknown as Snapshot,
});
const done: Addressed<FromWorker> = {
  ...{ type: "done", runId },
  summary: { windowEndMs: 1, lastRecordedEndMs: 1, pausedSlotMs: 0 },
};

function setUp() {
  const clock = new VirtualClock();
  const heard: string[] = [];
  const worker = createRemoteWorker(1, clock);
  worker.onMessage((message) => heard.push("message" in message ? message.message : message.type));
  return { clock, heard, worker };
}

it("a snapshot that comes twice counts once, and one that never came is missed", () => {
  const { heard, worker } = setUp();
  worker.told({ snapshots: 1, message: snapshot(0) });
  worker.told({ snapshots: 1, message: snapshot(0) });
  expect(heard).toEqual(["snapshot"]);
  expect(worker.missedSnapshots()).toBe(false);
  worker.told({ snapshots: 3, message: snapshot(2000) });
  expect(heard).toEqual(["snapshot", "snapshot"]);
  expect(worker.missedSnapshots()).toBe(true);
});

it("waits a second for snapshots that take the other way, then is done without them", () => {
  const late = setUp();
  late.worker.said({ type: "message", message: done, snapshots: 1 });
  expect(late.heard).toEqual([]);
  late.worker.told({ snapshots: 1, message: snapshot(0) });
  late.clock.advanceTo(100);
  expect(late.heard).toEqual(["snapshot", "done"]);
  expect(late.worker.missedSnapshots()).toBe(false);

  const lost = setUp();
  lost.worker.said({ type: "message", message: done, snapshots: 1 });
  lost.clock.advanceTo(2000);
  expect(lost.heard).toEqual(["done"]);
  expect(lost.worker.missedSnapshots()).toBe(true);
});

it("puts lines together that came in pieces, in the middle of a character too", () => {
  const { worker } = setUp();
  const lines: string[] = [];
  const log = { append: (line: string) => lines.push(line), close: () => Promise.resolve() };
  const bytes = Buffer.from('{"a":"ü"}\n{"b":2}\n{"c":');
  for (const piece of [bytes.subarray(0, 7), bytes.subarray(7, 12), bytes.subarray(12)])
    worker.records("sessions", piece, log);
  expect(lines.join("\n")).toBe('{"a":"ü"}\n{"b":2}');
  worker.records("starts", Buffer.from("another file\n"), log);
  worker.records("sessions", Buffer.from("3}\n"), log);
  expect(lines.slice(-2)).toEqual(["another file", '{"c":3}']);
});

it("says whose failure it is", () => {
  const { heard, worker } = setUp();
  worker.said({ type: "claimed", host: "box-b", weight: 4 });
  worker.said({
    type: "message",
    message: { type: "failed", message: "no such dataset", exitCode: 2, runId },
    snapshots: 0,
  });
  expect(heard).toEqual(["worker 2 on box-b: no such dataset"]);
});

it("a worker that has said that it is done does not end otherwise any more", () => {
  const { clock, heard, worker } = setUp();
  const ends: (string | undefined)[] = [];
  worker.onClose((how) => ends.push(how));
  worker.said({ type: "message", message: done, snapshots: 1 });
  worker.said({ type: "gone", why: "was told to end" });
  clock.advanceTo(2000);
  expect([heard, ends, worker.isOver()]).toEqual([["done"], [], true]);
});

it("half a snapshot is a missed one", () => {
  const { worker } = setUp();
  worker.told({ snapshots: 1, message: { type: "snapshot", runId, snapshot: {} as Snapshot } });
  expect(worker.missedSnapshots()).toBe(true);
});

it("hears of an end that the broker could not store", () => {
  const { worker } = setUp();
  const ends: (string | undefined)[] = [];
  worker.onClose((how) => ends.push(how));
  worker.told({ gone: "could store nothing" });
  expect(ends).toEqual(["could store nothing"]);
});

it("takes no figures that are none from whoever writes to the broker", () => {
  const { heard, worker } = setUp();
  const ends: (string | undefined)[] = [];
  worker.onClose((how) => ends.push(how));
  const strange = (said: object): void => worker.said(said as Said);
  strange({ type: "claimed", host: { toString: "evil" }, weight: 1 });
  strange({ type: "clock", reading: { offsetMs: 0, wallOffsetMs: "x", uncertaintyMs: null } });
  expect([worker.facts(), worker.isPrepared()]).toEqual([{ index: 1 }, false]);
  const ready = { type: "ready", planHash: "p", connections: 1, warmUpMs: 1, runId };
  strange({ type: "message", message: ready, snapshots: 0 });
  expect([heard, worker.isReady()]).toEqual([[], false]);
  strange({ type: "message", message: { type: "done", summary: {}, runId }, snapshots: 0 });
  expect([heard, ends]).toEqual([[], ["said that it was done, but sent no usable summary"]]);
});

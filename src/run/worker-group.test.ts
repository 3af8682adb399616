import { expect, it } from "vitest";
import type { WorkerHandle } from "../loadgen/workers/member.ts";
import type { Addressed, FromWorker, ToWorker, WorkerJob } from "../loadgen/workers/protocol.ts";
import { launchGroup } from "./worker-group.ts";

const runId = "night";
const summary = { windowEndMs: 6000, lastRecordedEndMs: 6500, pausedSlotMs: 10 };
const health = { atMs: 1000, open: 3, cpuShare: 0.5, loopDelayMs: 4 };

interface FakeProcess {
  got: Addressed<ToWorker>[];
  killed: boolean;
  say(message: FromWorker): void;
  close(how?: string): void;
}

function withoutRun(message: Addressed<FromWorker>): FromWorker {
  const copy: FromWorker & { runId?: string } = { ...message };
  delete copy.runId;
  return copy;
}

function setUp(count: number) {
  const processes = Array.from({ length: count }, (): FakeProcess => ({
    ...{ got: [], killed: false },
    say: () => undefined,
    close: () => undefined,
  }));
  const jobs = processes.map((_, index) => ({ runId, seed: index }) as WorkerJob);
  const group = launchGroup(jobs, ({ seed }): WorkerHandle => {
    const process = processes[seed]!;
    return {
      channel: {
        send: (message) => process.got.push(message),
        onMessage: (handler) => (process.say = (message) => handler({ ...message, runId })),
        onClose: (handler) => (process.close = handler),
      },
      kill: () => (process.killed = true),
    };
  });
  const heard: FromWorker[] = [];
  const closed: (string | undefined)[] = [];
  group.channel.onMessage((message) => heard.push(withoutRun(message)));
  group.channel.onClose((how) => closed.push(how));
  const saidByAll = (message: FromWorker): void => {
    for (const { say } of processes) say(message);
  };
  return { processes, group, heard, closed, saidByAll };
}

it("gives each process its own job and tells all of them the rest", () => {
  const { processes, group } = setUp(2);
  group.channel.send({ type: "prepare", job: {} as WorkerJob, runId });
  group.channel.send({ type: "settle", runId });
  expect(processes.map(({ got }) => got)).toEqual(
    [0, 1].map((seed) => [
      { type: "prepare", job: { runId, seed }, runId },
      { type: "settle", runId },
    ]),
  );
});

it("is ready when all are, with one plan", () => {
  const { processes, heard } = setUp(2);
  processes[0]!.say({ type: "ready", planHash: "p", connections: 2, warmUpMs: 5 });
  expect(heard).toEqual([]);
  processes[1]!.say({ type: "ready", planHash: "p", connections: 3, warmUpMs: 4 });
  expect(heard).toEqual([{ type: "ready", planHash: "p", connections: 5, warmUpMs: 5 }]);
  const other = setUp(2);
  other.processes[0]!.say({ type: "ready", planHash: "p", connections: 2, warmUpMs: 5 });
  other.processes[1]!.say({ type: "ready", planHash: "q", connections: 2, warmUpMs: 5 });
  expect(other.heard).toMatchObject([
    { type: "failed", message: expect.stringContaining("different plans") as string },
  ]);
});

it("tells its health when each has told its own: one that hangs is not covered by the others", () => {
  const { processes, heard } = setUp(2);
  processes[0]!.say({ type: "health", health: { ...health, loopDelayMs: 20, sessionsByAddress: { a: 1 } } });
  processes[0]!.say({ type: "health", health: { ...health, atMs: 2000, open: 4 } });
  expect(heard).toEqual([]);
  processes[1]!.say({
    type: "health",
    health: { atMs: 2010, open: 1, cpuShare: 0.75, loopDelayMs: 9, sessionsByAddress: { a: 2, b: 1 } },
  });
  expect(heard).toEqual([
    {
      type: "health",
      health: { atMs: 2010, open: 5, cpuShare: 0.75, loopDelayMs: 20, sessionsByAddress: { a: 3, b: 1 } },
    },
  ]);
});

it("goes on telling the health of those that are still at it", () => {
  const { processes, heard } = setUp(2);
  processes[0]!.say({ type: "done", summary });
  processes[1]!.say({ type: "health", health });
  expect(heard).toEqual([{ type: "health", health }]);
});

it("is over and done when all are; sums what is summed", () => {
  const { processes, heard, saidByAll, closed } = setUp(2);
  processes[0]!.say({ type: "window-over", windowEndMs: 6000 });
  expect(heard).toEqual([]);
  processes[1]!.say({ type: "window-over", windowEndMs: 6000 });
  // The window was made longer.
  saidByAll({ type: "window-over", windowEndMs: 8000 });
  expect(heard.at(-1)).toEqual({ type: "window-over", windowEndMs: 8000 });
  processes[0]!.say({ type: "done", summary: { ...summary, windowEndMs: 8000 } });
  processes[0]!.close();
  expect([heard.filter(({ type }) => type === "done"), closed]).toEqual([[], []]);
  processes[1]!.say({
    type: "done",
    summary: { windowEndMs: 7900, lastRecordedEndMs: 9000, pausedSlotMs: 5 },
    sessionsByAddress: { a: 2 },
  });
  expect(heard.at(-1)).toEqual({
    type: "done",
    summary: { windowEndMs: 8000, lastRecordedEndMs: 9000, pausedSlotMs: 15 },
    sessionsByAddress: { a: 2 },
  });
  processes[1]!.close();
  expect(closed).toEqual([undefined]);
});

it("one that is done before the window is made longer is not short; one that never heard of it is", () => {
  const { processes, group, heard } = setUp(3);
  processes[0]!.say({ type: "done", summary });
  group.channel.send({ type: "extend", windowEndMs: 8000, runId });
  processes[1]!.say({ type: "window-over", windowEndMs: 8000 });
  processes[2]!.say({ type: "window-over", windowEndMs: 8000 });
  expect(heard).toEqual([{ type: "window-over", windowEndMs: 8000 }]);
  processes[1]!.say({ type: "done", summary: { ...summary, windowEndMs: 8000 } });
  processes[2]!.say({ type: "done", summary });
  expect(heard.slice(1)).toEqual([
    { type: "stall", gapMs: 2000, atMs: 8000 },
    { type: "done", summary: { ...summary, windowEndMs: 8000, pausedSlotMs: 30 } },
  ]);
});

it("is gone, once, when one of its processes is gone before its end", () => {
  const { processes, closed, group } = setUp(3);
  processes[1]!.close("was told to end");
  processes[2]!.close();
  expect(closed).toEqual(["was told to end"]);
  group.kill();
  expect(processes.map(({ killed }) => killed)).toEqual([true, true, true]);
});

it("passes on snapshots, stalls and problems as they come", () => {
  const { heard, saidByAll } = setUp(2);
  saidByAll({ type: "stall", gapMs: 120, atMs: 3000 });
  expect(heard).toEqual(Array(2).fill({ type: "stall", gapMs: 120, atMs: 3000 }));
});

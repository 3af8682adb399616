/** Processes that carry a share together, seen as one worker: what each of them says becomes the word of all. */
import { BenchError } from "../base/errors.ts";
import type { EngineSummary } from "../loadgen/engine/engine.ts";
import type { WorkerHandle } from "../loadgen/workers/member.ts";
import { sessionsByAddressOf } from "../loadgen/workers/member.ts";
import type { Addressed, FromWorker, WorkerHealth, WorkerJob } from "../loadgen/workers/protocol.ts";

type Said<Type extends FromWorker["type"]> = Extract<Addressed<FromWorker>, { type: Type }>;

/** One of the processes, and what it said last of each kind. */
interface Process {
  job: WorkerJob;
  handle: WorkerHandle;
  ready?: Said<"ready">;
  /** Not yet part of what all of them said together. */
  health?: Said<"health">;
  sessionsByAddress: Readonly<Record<string, number>>;
  windowOver?: Said<"window-over">;
  done?: Said<"done">;
}

/**
 * Starts a process for each job. Ready, over and done are all of them together; health is told once each has told its own, so that one that hangs
 * is noticed; the rest is passed on. When one is gone before its end, all count as gone.
 * @param jobs at least one
 */
export function launchGroup(
  jobs: readonly WorkerJob[],
  launch: (job: WorkerJob) => WorkerHandle,
): WorkerHandle {
  const processes = jobs.map((job): Process => ({ job, handle: launch(job), sessionsByAddress: {} }));
  let tell: (message: Addressed<FromWorker>) => void = () => undefined;
  let isClosed = false;

  function hear(process: Process, message: Addressed<FromWorker>): void {
    const { runId } = message;
    switch (message.type) {
      case "ready":
        process.ready = message;
        tellReady(runId);
        break;
      case "health":
        process.health = message;
        process.sessionsByAddress = message.health.sessionsByAddress ?? process.sessionsByAddress;
        tellHealth(message);
        break;
      case "window-over":
        process.windowOver = message;
        tellWindowOver(runId);
        break;
      case "done":
        process.done = message;
        process.sessionsByAddress = message.sessionsByAddress ?? process.sessionsByAddress;
        // One that was stopped need not have said it.
        if (process.windowOver === undefined) tellWindowOver(runId);
        tellDone(runId);
        break;
      default:
        tell(message);
    }
  }

  function tellReady(runId: string): void {
    const all = allOf(({ ready }) => ready);
    const [first] = all ?? [];
    if (all === undefined || first === undefined) return;
    const { planHash } = first;
    if (all.some((one) => one.planHash !== planHash)) {
      const { message, exitCode } = new BenchError("the processes of this machine made different plans");
      tell({ type: "failed", runId, message, exitCode });
      return;
    }
    const connections = sum(all.map((one) => one.connections));
    tell({
      type: "ready",
      runId,
      planHash,
      connections,
      warmUpMs: Math.max(...all.map((one) => one.warmUpMs)),
    });
  }

  /** The instant is that of the message that makes it complete: the worker says so now. */
  function tellHealth({ runId, health: { atMs } }: Said<"health">): void {
    const running = processes.filter(({ done }) => done === undefined);
    const all = running.flatMap(({ health }) => health?.health ?? []);
    if (all.length < running.length) return;
    for (const process of processes) delete process.health;
    const health: WorkerHealth = {
      atMs,
      open: sum(all.map(({ open }) => open)),
      cpuShare: sum(all.map(({ cpuShare }) => cpuShare)),
      loopDelayMs: Math.max(...all.map(({ loopDelayMs }) => loopDelayMs)),
      ...addresses(),
    };
    tell({ type: "health", runId, health });
  }

  /** Each of them may say it again, when its window was made longer. */
  function tellWindowOver(runId: string): void {
    const ends = allOf(({ windowOver, done }) => windowOver?.windowEndMs ?? done?.summary.windowEndMs);
    if (ends !== undefined) tell({ type: "window-over", runId, windowEndMs: Math.min(...ends) });
  }

  function tellDone(runId: string): void {
    const summaries = allOf(({ done }) => done?.summary);
    if (summaries !== undefined) tell({ type: "done", runId, summary: merged(summaries), ...addresses() });
  }

  function addresses(): Pick<WorkerHealth, "sessionsByAddress"> {
    const sessionsByAddress = sessionsByAddressOf(processes);
    return Object.keys(sessionsByAddress).length === 0 ? {} : { sessionsByAddress };
  }

  /** Undefined as long as one of them has none. */
  function allOf<T>(read: (process: Process) => T | undefined): T[] | undefined {
    const values = processes.map(read);
    return values.every((value) => value !== undefined) ? values : undefined;
  }

  return {
    channel: {
      send(message) {
        for (const { job, handle } of processes)
          handle.channel.send(message.type === "prepare" ? { ...message, job } : message);
      },
      onMessage(handler) {
        tell = handler;
        for (const process of processes)
          process.handle.channel.onMessage((message) => hear(process, message));
      },
      onClose(handler) {
        for (const process of processes)
          process.handle.channel.onClose((how) => {
            const isLast = processes.every(({ done }) => done !== undefined);
            if (isClosed || (process.done !== undefined && !isLast)) return;
            isClosed = true;
            handler(how);
          });
      },
    },
    kill() {
      for (const { handle } of processes) handle.kill();
    },
  };
}

function merged(summaries: readonly EngineSummary[]): EngineSummary {
  return {
    windowEndMs: Math.min(...summaries.map(({ windowEndMs }) => windowEndMs)),
    lastRecordedEndMs: Math.max(...summaries.map(({ lastRecordedEndMs }) => lastRecordedEndMs)),
    pausedSlotMs: sum(summaries.map(({ pausedSlotMs }) => pausedSlotMs)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

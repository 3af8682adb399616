/** Processes that carry a share together, seen as one worker: what each of them says becomes the word of all. */
import { BenchError } from "../base/errors.ts";
import { sum } from "../base/sum.ts";
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
  health?: WorkerHealth;
  sessionsByAddress: Readonly<Record<string, number>>;
  windowOver?: Said<"window-over">;
  done?: Said<"done">;
}

/**
 * Starts a process for each job. The group is ready, over or done when all of its processes are. Its health is told when each has told its
 * own, so that one that hangs silences all. The rest is passed on. When one is gone before its end, the group is.
 * @param jobs at least one
 */
export function launchGroup(
  jobs: readonly WorkerJob[],
  launch: (job: WorkerJob) => WorkerHandle,
): WorkerHandle {
  const processes = jobs.map((job): Process => ({ job, handle: launch(job), sessionsByAddress: {} }));
  let tell: (message: Addressed<FromWorker>) => void = () => undefined;
  let isClosed = false;
  /** Where the window ends since it was made longer; -Infinity when it ends as planned or was cut. */
  let extendedToMs = -Infinity;

  function hear(process: Process, message: Addressed<FromWorker>): void {
    const { runId } = message;
    switch (message.type) {
      case "ready":
        process.ready = message;
        tellReady(runId);
        break;
      case "health":
        process.health = withPeaks(message.health, process.health);
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
        tellShortWindow(message);
        // One that ran out of callers or iterations has not said it.
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
    const all = running.flatMap(({ health }) => health ?? []);
    if (all.length < running.length) return;
    for (const process of processes) delete process.health;
    const health: WorkerHealth = {
      atMs,
      open: sum(all.map(({ open }) => open)),
      cpuShare: Math.max(...all.map(({ cpuShare }) => cpuShare)),
      loopDelayMs: Math.max(...all.map(({ loopDelayMs }) => loopDelayMs)),
      ...addresses(),
    };
    tell({ type: "health", runId, health });
  }

  /** Each of them may say it again, when its window was made longer. One that is done knows nothing of that, and has no more to do. */
  function tellWindowOver(runId: string): void {
    const running = processes.filter(({ done }) => done === undefined);
    const ends = running.flatMap(({ windowOver }) => windowOver?.windowEndMs ?? []);
    if (running.length > 0 && ends.length === running.length)
      tell({ type: "window-over", runId, windowEndMs: Math.min(...ends) });
  }

  /** It never heard that the window goes on. Told now: what is made longer after its end is not its fault. */
  function tellShortWindow({ runId, summary: { windowEndMs } }: Said<"done">): void {
    if (windowEndMs < extendedToMs)
      tell({ type: "stall", runId, gapMs: extendedToMs - windowEndMs, atMs: extendedToMs });
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
        if (message.type === "extend") extendedToMs = message.windowEndMs;
        if (message.type === "stop" || message.type === "abort") extendedToMs = -Infinity;
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

/** The newest word, with the peaks of one before it that nobody was told. */
function withPeaks(health: WorkerHealth, before: WorkerHealth | undefined): WorkerHealth {
  if (before === undefined) return health;
  return {
    ...health,
    cpuShare: Math.max(health.cpuShare, before.cpuShare),
    loopDelayMs: Math.max(health.loopDelayMs, before.loopDelayMs),
  };
}

function merged(summaries: readonly EngineSummary[]): EngineSummary {
  return {
    windowEndMs: Math.max(...summaries.map(({ windowEndMs }) => windowEndMs)),
    lastRecordedEndMs: Math.max(...summaries.map(({ lastRecordedEndMs }) => lastRecordedEndMs)),
    pausedSlotMs: sum(summaries.map(({ pausedSlotMs }) => pausedSlotMs)),
  };
}

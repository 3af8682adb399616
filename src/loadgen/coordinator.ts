/**
 * The coordinator's side of a run: hands each worker its share, starts them together, merges what they send, notices
 * who is gone, and knows when it is over. It judges nothing: that is `conclude.ts`.
 */
import type { Clock } from "../base/clock.ts";
import { createRunClock } from "../base/clock.ts";
import { BenchError } from "../base/errors.ts";
import { watchStalls } from "../base/stall-watch.ts";
import type { Snapshot } from "../metrics/snapshot.ts";
import type { Totals } from "../metrics/totals.ts";
import type { Stall } from "../metrics/validity.ts";
import type { EngineSummary } from "./engine.ts";
import type { Channel, FromWorker, ToWorker, WorkerHealth, WorkerJob } from "./protocol.ts";

/** A worker as the coordinator sees it. */
export interface WorkerHandle {
  channel: Channel<ToWorker, FromWorker>;
  /** Ends the process, however it is. */
  kill(): void;
}

/** Something worth a line in `events.ndjson`. */
export interface RunEvent {
  atMs: number;
  type: string;
  message: string;
}

/** What the live display gets, at every message of a worker. */
export interface Progress {
  /** Since T0; negative before it. */
  atMs: number;
  /** Sessions open. */
  open: number;
}

export interface CoordinatorOptions {
  jobs: readonly WorkerJob[];
  launch(index: number): WorkerHandle;
  totals: Totals;
  clock: Clock;
  onProgress(progress: Progress): void;
  /** Every snapshot, after it was added to the totals. */
  onSnapshot(snapshot: Snapshot): void;
  onEvent(event: RunEvent): void;
}

/** What a run leaves behind besides its totals. */
export interface RunOutcome {
  startedAtEpochMs: number;
  endedAtEpochMs: number;
  planHash: string;
  connections: number;
  warmUpMs: number;
  stalls: readonly Stall[];
  /** One per worker, undefined for a worker that was lost. */
  summaries: readonly (EngineSummary | undefined)[];
  health: readonly (WorkerHealth & { worker: number })[];
  /** Why the run ended early, when it did: "interrupted", or a problem in words. */
  problems: readonly { message: string; hint?: string }[];
  interrupted: boolean;
}

export interface Coordinator {
  /** Resolves when every worker is done or lost. @throws BenchError when a worker can't begin */
  run(): Promise<RunOutcome>;
  /** Ctrl-C, once: no new sessions, follow the recorded ones to their end. */
  stop(): void;
  /** Lets the window end later, for want of sessions; call well before its end. */
  extend(windowEndMs: number): void;
  /** Ctrl-C, twice: end everything now. */
  abort(): void;
  /** Tells of a stall of another process of the run (the emulator). */
  noteStall(process: string, gapMs: number, atEpochMs: number): void;
}

/** Between "all are ready" and T0: enough for the message to arrive everywhere. */
const START_MARGIN_MS = 200;
const STALL_MS = 100;
/** After an abort, a worker that says nothing for this long is killed. */
const ABORT_LIMIT_MS = 3000;

export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const { jobs, totals } = options;
  const clock = createRunClock(options.clock);
  const workers = jobs.map((_, index) => options.launch(index));
  const summaries: (EngineSummary | undefined)[] = jobs.map(() => undefined);
  const over = jobs.map(() => false);
  const open = jobs.map(() => 0);
  const stalls: Stall[] = [];
  const health: (WorkerHealth & { worker: number })[] = [];
  const problems: { message: string; hint?: string }[] = [];
  const ready: (Extract<FromWorker, { type: "ready" }> | undefined)[] = jobs.map(() => undefined);
  let started = false;
  let interrupted = false;
  let startedAtEpochMs = 0;
  let forgetAbort = (): void => undefined;
  let settle: (outcome: { error?: BenchError }) => void = () => undefined;

  const broadcast = (message: ToWorker): void => {
    workers.forEach((worker, index) => {
      if (!over[index]) worker.channel.send(message);
    });
  };
  const event = (type: string, message: string): void =>
    options.onEvent({ atMs: clock.nowMs(), type, message });
  const noteStall = (process: string, gapMs: number, atMs: number): void => {
    stalls.push({ process, gapMs, atMs });
    event("stall", `${process} did not run for ${Math.round(gapMs)} ms`);
  };

  function hear(index: number, message: FromWorker): void {
    switch (message.type) {
      case "ready":
        ready[index] = message;
        if (ready.every((one) => one !== undefined)) begin();
        break;
      case "failed":
        settle({
          error: new BenchError(message.message, { hint: message.hint, exitCode: message.exitCode }),
        });
        break;
      case "snapshot":
        totals.add(message.snapshot);
        options.onSnapshot(message.snapshot);
        options.onProgress({ atMs: clock.nowMs(), open: sum(open) });
        break;
      case "health":
        health.push({ ...message.health, worker: index });
        open[index] = message.health.open;
        break;
      case "stall":
        noteStall(`worker ${index + 1}`, message.gapMs, message.atMs);
        break;
      case "problem":
        problems.push(message);
        event("problem", message.message);
        stop();
        break;
      case "done":
        summaries[index] = message.summary;
        finished(index);
        break;
    }
  }

  function finished(index: number): void {
    over[index] = true;
    open[index] = 0;
    if (over.every(Boolean)) settle({});
  }

  function lost(index: number): void {
    if (over[index]) return;
    if (!started) settle({ error: new BenchError(`worker ${index + 1} ended before the run began`) });
    else event("worker-lost", `worker ${index + 1} ended before its sessions did`);
    finished(index);
  }

  function begin(): void {
    started = true;
    startedAtEpochMs = options.clock.epochMs() + START_MARGIN_MS;
    clock.setOrigin(options.clock.nowMs() + START_MARGIN_MS);
    broadcast({ type: "start", atEpochMs: startedAtEpochMs });
    event("start", `${jobs.length} worker(s), T0 in ${START_MARGIN_MS} ms`);
  }

  function stop(): void {
    event("stop", "no new sessions; recorded ones are followed to their end");
    broadcast({ type: "stop" });
  }

  return {
    async run() {
      const endWatch = watchStalls(options.clock, STALL_MS, (gapMs) => {
        if (started) noteStall("coordinator", gapMs, clock.nowMs());
      });
      try {
        await new Promise<void>((resolve, reject) => {
          settle = ({ error }) => {
            if (error === undefined) resolve();
            else reject(error);
          };
          workers.forEach(({ channel }, index) => {
            channel.onMessage((message) => hear(index, message));
            channel.onClose(() => lost(index));
            const job = jobs[index];
            if (job !== undefined) channel.send({ type: "prepare", job });
          });
        });
      } finally {
        endWatch();
        forgetAbort();
        for (const worker of workers) worker.kill();
      }
      event("end", "every worker is done");
      return {
        startedAtEpochMs,
        endedAtEpochMs: options.clock.epochMs(),
        planHash: ready[0]?.planHash ?? "",
        connections: sum(ready.map((one) => one?.connections ?? 0)),
        warmUpMs: Math.max(...ready.map((one) => one?.warmUpMs ?? 0)),
        stalls,
        summaries,
        health,
        problems,
        interrupted,
      };
    },
    stop() {
      interrupted = true;
      if (started) stop();
      else settle({ error: new BenchError("interrupted before the run began", { exitCode: 130 }) });
    },
    extend(windowEndMs) {
      if (interrupted) return;
      totals.extendWindow(windowEndMs);
      broadcast({ type: "extend", windowEndMs });
      event("extend", `the window goes on until ${Math.round(windowEndMs / 1000)} s`);
    },
    abort() {
      interrupted = true;
      event("abort", "everything ends now");
      broadcast({ type: "abort" });
      forgetAbort = options.clock.wakeAt(options.clock.nowMs() + ABORT_LIMIT_MS, () => {
        workers.forEach((worker, index) => {
          if (!over[index]) worker.kill();
        });
      });
    },
    noteStall(process, gapMs, atEpochMs) {
      if (started) noteStall(process, gapMs, atEpochMs - startedAtEpochMs);
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/**
 * The coordinator's side of a run: hands each worker its share, starts them together, merges what they send, notices
 * who is gone, and knows when it is over. It judges nothing: that is `conclude.ts`.
 */
import type { Clock } from "../base/clock.ts";
import { createRunClock } from "../base/clock.ts";
import { BenchError, messageOf } from "../base/errors.ts";
import { watchStalls } from "../base/stall-watch.ts";
import type { LostWorker, RunEvent } from "../metrics/run-event.ts";
import type { Snapshot } from "../metrics/snapshot.ts";
import type { Totals } from "../metrics/totals.ts";
import type { Stall } from "../metrics/validity.ts";
import type { EngineSummary } from "./engine.ts";
import type { Addressed, Channel, FromWorker, ToWorker, WorkerHealth, WorkerJob } from "./protocol.ts";

/** A worker as the coordinator sees it. */
export interface WorkerHandle {
  channel: Channel<Addressed<ToWorker>, Addressed<FromWorker>>;
  /** Ends the process, however it is. */
  kill(): void;
}

/** What is known when all workers are ready. */
export interface RunStart {
  startedAtEpochMs: number;
  planHash: string;
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
  /** Once, just before the workers are told to start; what it throws ends the run. */
  onStart(start: RunStart): void;
  onProgress(progress: Progress): void;
  /** Once a second from each worker, counted from 0. */
  onHealth?(report: WorkerHealth & { worker: number }): void;
  /** Every snapshot, after it was added to the totals. */
  onSnapshot(snapshot: Snapshot): void;
  onEvent(event: RunEvent): void;
}

/** What a run leaves behind besides its totals. */
export interface RunOutcome {
  startedAtEpochMs: number;
  endedAtEpochMs: number;
  planHash: string;
  /** Where the window was made to end, since T0, when that is later than the scenario says. */
  extendedToMs?: number;
  connections: number;
  warmUpMs: number;
  stalls: readonly Stall[];
  lost: readonly LostWorker[];
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
  /** Enough is known: no new sessions, follow the recorded ones to their end. The run counts as whole. */
  endEarly(why: string): void;
  /** Ctrl-C, twice: end everything now. */
  abort(): void;
  /** Tells of a stall of another process of the run (the emulator). */
  noteStall(process: string, gapMs: number, atEpochMs: number): void;
}

/** Between "all are ready" and T0: enough for the message to arrive everywhere. */
const START_MARGIN_MS = 200;
const STALL_MS = 100;
/** Three beats of a worker's health: one that is silent for longer is lost. */
const SILENCE_MS = 3000;
const BEAT_CHECK_MS = 500;
/** After an abort, a worker that says nothing for this long is killed. */
const ABORT_LIMIT_MS = 3000;

export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const { jobs, totals } = options;
  const clock = createRunClock(options.clock);
  const workers = jobs.map((_, index) => options.launch(index));
  const summaries: (EngineSummary | undefined)[] = jobs.map(() => undefined);
  const over = jobs.map(() => false);
  const windowOver = jobs.map(() => false);
  const lastHeardMs = jobs.map(() => 0);
  const lostWorkers: LostWorker[] = [];
  const open = jobs.map(() => 0);
  const stalls: Stall[] = [];
  const health: (WorkerHealth & { worker: number })[] = [];
  const problems: { message: string; hint?: string }[] = [];
  const ready: (Extract<FromWorker, { type: "ready" }> | undefined)[] = jobs.map(() => undefined);
  let started = false;
  let settled = false;
  let interrupted = false;
  let startedAtEpochMs = 0;
  let extendedToMs: number | undefined;
  let forgetAbort = (): void => undefined;
  let settle: (outcome: { error?: BenchError }) => void = () => undefined;

  const send = (index: number, message: ToWorker): void => {
    const runId = jobs[index]?.runId;
    if (runId !== undefined && !over[index]) workers[index]?.channel.send({ ...message, runId });
  };
  const broadcast = (message: ToWorker): void => {
    for (const index of jobs.keys()) send(index, message);
  };
  const event = (
    type: RunEvent["type"],
    message: string,
    detail: Omit<RunEvent, "atMs" | "type" | "message"> = {},
  ): void => options.onEvent({ atMs: clock.nowMs(), type, message, ...detail });
  const noteStall = (stall: Stall): void => {
    stalls.push(stall);
    event("stall", `${stall.process} did not run for ${Math.round(stall.gapMs)} ms`, { stall });
  };

  function hear(index: number, message: Addressed<FromWorker>): void {
    if (message.runId !== jobs[index]?.runId || over[index] === true) return;
    lastHeardMs[index] = clock.nowMs();
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
        options.onHealth?.({ ...message.health, worker: index });
        open[index] = message.health.open;
        break;
      case "stall":
        noteStall({ process: `worker ${index + 1}`, gapMs: message.gapMs, atMs: message.atMs });
        break;
      case "window-over":
        windowOver[index] = true;
        settleWindow();
        break;
      case "problem":
        problems.push(message);
        event("problem", message.message);
        broadcast({ type: "stop" });
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
    settleWindow();
    if (over.every(Boolean)) settle({});
  }

  /** The window must not empty under a worker that still has sessions in it: all are let go together. */
  function settleWindow(): void {
    if (settled || !jobs.every((_, index) => windowOver[index] === true || over[index] === true)) return;
    settled = true;
    broadcast({ type: "settle" });
  }

  function lost(index: number, how: string): void {
    if (over[index]) return;
    if (!started) {
      settle({ error: new BenchError(`worker ${index + 1} ended before the run began`) });
      return;
    }
    const one = { worker: index + 1, atMs: clock.nowMs(), windowOver: windowOver[index] === true };
    lostWorkers.push(one);
    event("worker-lost", `worker ${index + 1} ${how}; its share is not run again`, { lost: one });
    workers[index]?.kill();
    finished(index);
  }

  /** A worker that hangs is as good as gone, and would keep the run from ever ending. */
  function watchBeats(): () => void {
    let lastCheckMs = clock.nowMs();
    let cancel = clock.wakeAt(lastCheckMs + BEAT_CHECK_MS, check);
    function check(): void {
      const nowMs = clock.nowMs();
      // After a standstill of our own the beats are still in the pipe: nobody is to be blamed for that.
      if (nowMs - lastCheckMs > 2 * BEAT_CHECK_MS) lastHeardMs.fill(nowMs);
      lastCheckMs = nowMs;
      cancel = clock.wakeAt(nowMs + BEAT_CHECK_MS, check);
      if (!started) return;
      lastHeardMs.forEach((heardMs, index) => {
        if (nowMs - heardMs > SILENCE_MS) lost(index, `was silent for ${SILENCE_MS / 1000} s`);
      });
    }
    return () => cancel();
  }

  function begin(): void {
    const planHash = ready[0]?.planHash ?? "";
    if (ready.some((one) => one?.planHash !== planHash)) {
      settle({ error: new BenchError("the workers made different plans: their dataset or version differs") });
      return;
    }
    started = true;
    startedAtEpochMs = options.clock.epochMs() + START_MARGIN_MS;
    clock.setOrigin(options.clock.nowMs() + START_MARGIN_MS);
    lastHeardMs.fill(clock.nowMs());
    try {
      options.onStart({ startedAtEpochMs, planHash });
    } catch (error) {
      settle({
        error: error instanceof BenchError ? error : new BenchError(messageOf(error), { cause: error }),
      });
      return;
    }
    broadcast({ type: "start", atEpochMs: startedAtEpochMs });
    event("start", `${jobs.length} worker(s), T0 in ${START_MARGIN_MS} ms`);
  }

  return {
    async run() {
      const endWatch = watchStalls(options.clock, STALL_MS, (gapMs) => {
        if (started) noteStall({ process: "coordinator", gapMs, atMs: clock.nowMs() });
      });
      const endBeats = watchBeats();
      try {
        await new Promise<void>((resolve, reject) => {
          settle = ({ error }) => {
            if (error === undefined) resolve();
            else reject(error);
          };
          workers.forEach(({ channel }, index) => {
            channel.onMessage((message) => hear(index, message));
            channel.onClose(() => lost(index, "ended before its sessions did"));
            const job = jobs[index];
            if (job !== undefined) send(index, { type: "prepare", job });
          });
        });
      } finally {
        endWatch();
        forgetAbort();
        endBeats();
        for (const worker of workers) worker.kill();
      }
      event("end", "every worker is done");
      return {
        startedAtEpochMs,
        endedAtEpochMs: options.clock.epochMs(),
        planHash: ready[0]?.planHash ?? "",
        ...(extendedToMs === undefined ? {} : { extendedToMs }),
        connections: sum(ready.map((one) => one?.connections ?? 0)),
        warmUpMs: Math.max(...ready.map((one) => one?.warmUpMs ?? 0)),
        stalls,
        lost: lostWorkers,
        summaries,
        health,
        problems,
        interrupted,
      };
    },
    stop() {
      interrupted = true;
      if (!started) {
        settle({ error: new BenchError("interrupted before the run began", { exitCode: 130 }) });
        return;
      }
      event("interrupt", "stopping: sessions of the window are followed to their end; once more to stop now");
      broadcast({ type: "stop" });
    },
    endEarly(why) {
      event("end-early", why);
      broadcast({ type: "stop" });
    },
    extend(windowEndMs) {
      if (interrupted) return;
      extendedToMs = windowEndMs;
      totals.extendWindow(windowEndMs);
      broadcast({ type: "extend", windowEndMs });
      event("extend", `the window goes on until ${Math.round(windowEndMs / 1000)} s`, { windowEndMs });
    },
    abort() {
      interrupted = true;
      event("abort", "stopping now");
      broadcast({ type: "abort" });
      forgetAbort = options.clock.wakeAt(options.clock.nowMs() + ABORT_LIMIT_MS, () => {
        workers.forEach((worker, index) => {
          if (!over[index]) worker.kill();
        });
      });
    },
    noteStall(process, gapMs, atEpochMs) {
      if (started) noteStall({ process, gapMs, atMs: atEpochMs - startedAtEpochMs });
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

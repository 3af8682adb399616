/**
 * The coordinator's side of a run: hands each worker its share, starts them together, merges what they send, notices
 * who is gone, and knows when it is over. It judges nothing: that is `store/make-result.ts`.
 */
import { defined } from "../../base/defined.ts";
import type { Clock } from "../../base/clock.ts";
import { createRunClock } from "../../base/clock.ts";
import { BenchError, EXIT, messageOf } from "../../base/errors.ts";
import { watchStalls } from "../../base/process/stall-watch.ts";
import { sum } from "../../base/sum.ts";
import type { LostWorker, RunEvent } from "../../metrics/result/run-event.ts";
import type { Snapshot } from "../../metrics/record/snapshot.ts";
import type { Totals } from "../../metrics/record/totals.ts";
import type { Stall } from "../../metrics/judge/validity.ts";
import type { EngineSummary } from "../engine/engine.ts";
import type { Member, WorkerHandle } from "./member.ts";
import { newMember, sessionsByAddressOf } from "./member.ts";
import type { Problem, Addressed, FromWorker, ToWorker, WorkerHealth, WorkerJob } from "./protocol.ts";

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
  timing?: CoordinatorTiming;
  /** T0 by the wall clock of this machine, milliseconds since 1970; default: as soon as all workers are ready. */
  startAtEpochMs?: number;
}

/** How far the workers are away, in time. */
export interface CoordinatorTiming {
  /** Between "all are ready" and T0: enough for the message to arrive everywhere. */
  startMarginMs: number;
  /** A worker whose beats of health, one a second, stay away for longer is lost; one that was told to abort has as long. */
  silenceMs: number;
  /** How long before the end of the window a later end must be told to reach every worker. */
  extendLeadMs: number;
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
  /** Sessions that each address of the target had; empty where its addresses are not told apart. */
  sessionsByAddress: Readonly<Record<string, number>>;
  /** Why the run ended early, when it did: "interrupted", or a problem in words. */
  problems: readonly Problem[];
  interrupted: boolean;
  /** Snapshots were lost on their way, so the totals lack some of what is in the records. */
  missedSnapshots?: boolean;
  /** Share of the load that lost workers carried whose sessions of the window had not all ended; absent where that is not known: then each counts as much as another. */
  lostShare?: number;
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
  /** Ends a run that has not begun; when it has, what was measured stands. */
  fail(error: BenchError): void;
  /** The run can go no further: no new sessions, the recorded ones are followed to their end. Joins the outcome, also when that is there already. */
  noteProblem(problem: Problem): void;
  /** Tells of a stall of another process of the run (the emulator). */
  noteStall(process: string, gapMs: number, atMachineMs: number): void;
}

/** Timing for workers on this machine. */
export const LOCAL_TIMING: CoordinatorTiming = { startMarginMs: 200, silenceMs: 3000, extendLeadMs: 3000 };
const STALL_MS = 100;
const BEAT_CHECK_MS = 500;
/** The wall clock is looked at this often: it may be set. */
const WALL_CHECK_MS = 1000;
/** Workers are told of a planned start this long before it: a standstill of this process must not cost the whole run its shard. */
const PLANNED_LEAD_MS = 2000;

export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const { totals } = options;
  const { startMarginMs, silenceMs } = options.timing ?? LOCAL_TIMING;
  const clock = createRunClock(options.clock);
  const members = options.jobs.map((job, index) => newMember(index, job, options.launch(index)));
  const lostWorkers: LostWorker[] = [];
  const stalls: Stall[] = [];
  const problems: Problem[] = [];
  let started = false;
  let settled = false;
  let interrupted = false;
  let stopping = false;
  let startedAtEpochMs = 0;
  let extendedToMs: number | undefined;
  let forgetAbort = (): void => undefined;
  let cancelStart = (): void => undefined;
  let settle: (outcome: { error?: BenchError }) => void = () => undefined;

  const send = ({ over, handle, job: { runId } }: Member, message: ToWorker): void => {
    if (!over) handle.channel.send({ ...message, runId });
  };
  const broadcast = (message: ToWorker): void => {
    stopping ||= message.type === "stop" || message.type === "abort";
    for (const member of members) send(member, message);
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

  function hear(member: Member, message: Addressed<FromWorker>): void {
    if (message.runId !== member.job.runId || member.over) return;
    const worker = member.index;
    switch (message.type) {
      case "ready":
        if (started) break;
        member.ready = message;
        if (members.every(({ ready }) => ready !== undefined)) beginWhenDue();
        break;
      case "failed":
        // What was measured stands.
        if (started) {
          lost(member, `can't go on: ${message.message}`);
          break;
        }
        settle({
          error: new BenchError(message.message, {
            hint: message.hint,
            // A run that has no result has not passed, whatever a worker says.
            exitCode: message.exitCode === EXIT.passed ? EXIT.ourError : message.exitCode,
          }),
        });
        break;
      case "snapshot":
        totals.add(message.snapshot);
        options.onSnapshot(message.snapshot);
        options.onProgress({ atMs: clock.nowMs(), open: sum(members.map(({ open }) => open)) });
        break;
      case "health":
        // A worker of several processes says by this alone that all of them are there.
        member.lastHeardMs = clock.nowMs();
        options.onHealth?.({ ...message.health, worker });
        member.open = message.health.open;
        member.sessionsByAddress = message.health.sessionsByAddress ?? member.sessionsByAddress;
        break;
      case "stall":
        noteStall({ process: member.name, gapMs: message.gapMs, atMs: message.atMs });
        break;
      case "window-over":
        // One that has not heard yet that the window goes on will say it again.
        if (message.windowEndMs < endOfWindowMs()) break;
        member.windowOver = true;
        settleWindow();
        break;
      case "problem":
        noteProblem(message);
        break;
      case "done":
        noteShortWindow(member, message.summary);
        member.summary = message.summary;
        member.sessionsByAddress = message.sessionsByAddress ?? member.sessionsByAddress;
        finished(member);
        break;
    }
  }

  function noteProblem(problem: Problem): void {
    problems.push(problem);
    event("problem", problem.message);
    broadcast({ type: "stop" });
  }

  /** As far as workers were told that it goes on; -Infinity where it ends as planned, or before. */
  function endOfWindowMs(): number {
    return stopping ? -Infinity : (extendedToMs ?? -Infinity);
  }

  /** It never heard that the window goes on. */
  function noteShortWindow({ name }: Member, { windowEndMs }: EngineSummary): void {
    const atMs = endOfWindowMs();
    if (windowEndMs < atMs) noteStall({ process: name, gapMs: atMs - windowEndMs, atMs });
  }

  function finished(member: Member): void {
    member.over = true;
    member.open = 0;
    settleWindow();
    if (members.every(({ over }) => over)) settle({});
  }

  /** The window must not empty under a worker that still has sessions in it: all are let go together. */
  function settleWindow(): void {
    if (settled || !members.every(({ windowOver, over }) => windowOver || over)) return;
    settled = true;
    broadcast({ type: "settle" });
  }

  function lost(member: Member, how?: string): void {
    if (member.over) return;
    if (!started) {
      settle({ error: new BenchError(`${member.name} ${how ?? "ended"} before the run began`) });
      return;
    }
    const one = { worker: member.number, atMs: clock.nowMs(), windowOver: member.windowOver };
    lostWorkers.push(one);
    const did = how ?? "ended before its sessions did";
    event("worker-lost", `${member.name} ${did}; its share is not run again`, { lost: one });
    member.handle.kill();
    finished(member);
  }

  function allHeardNow(): void {
    for (const member of members) member.lastHeardMs = clock.nowMs();
  }

  /** A worker that hangs is as good as gone, and would keep the run from ever ending. */
  function watchBeats(): () => void {
    let lastCheckMs = clock.nowMs();
    let cancel = clock.wakeAt(lastCheckMs + BEAT_CHECK_MS, check);
    function check(): void {
      const nowMs = clock.nowMs();
      // After a standstill of our own the beats are still in the pipe: nobody is to be blamed for that.
      if (nowMs - lastCheckMs > 2 * BEAT_CHECK_MS) allHeardNow();
      lastCheckMs = nowMs;
      cancel = clock.wakeAt(nowMs + BEAT_CHECK_MS, check);
      if (!started) return;
      for (const member of members) {
        // Before T0 nobody has anything to say.
        if (nowMs - Math.max(0, member.lastHeardMs) > silenceMs)
          lost(member, `was silent for ${silenceMs / 1000} s`);
      }
    }
    return () => cancel();
  }

  /** At once, or a moment before the instant that was asked for, which the wall clock may reach sooner or later than it seemed. */
  function beginWhenDue(): void {
    if (options.startAtEpochMs === undefined) {
      begin(options.clock.epochMs() + startMarginMs, startMarginMs);
      return;
    }
    const leftMs = options.startAtEpochMs - options.clock.wallMs();
    if (leftMs <= 0) {
      const lateS = (-leftMs / 1000).toFixed(1);
      settle({
        error: new BenchError(`the workers were ready ${lateS} s too late for the planned start`, {
          hint: "Nothing was sent. Start every shard anew, with a later --start-at.",
        }),
      });
    } else if (leftMs <= PLANNED_LEAD_MS) begin(options.startAtEpochMs, leftMs);
    else {
      cancelStart();
      const waitMs = Math.min(leftMs - PLANNED_LEAD_MS, WALL_CHECK_MS);
      cancelStart = options.clock.wakeAt(options.clock.nowMs() + waitMs, beginWhenDue);
    }
  }

  function begin(atEpochMs: number, inMs: number): void {
    const planHash = members[0]?.ready?.planHash ?? "";
    if (members.some(({ ready }) => ready?.planHash !== planHash)) {
      settle({ error: new BenchError("the workers made different plans: their dataset or version differs") });
      return;
    }
    started = true;
    startedAtEpochMs = atEpochMs;
    clock.setOrigin(options.clock.nowMs() + inMs);
    allHeardNow();
    try {
      options.onStart({ startedAtEpochMs, planHash });
    } catch (error) {
      settle({
        error: error instanceof BenchError ? error : new BenchError(messageOf(error), { cause: error }),
      });
      return;
    }
    broadcast({ type: "start", atMachineMs: options.clock.machineMs() - clock.nowMs() });
    event("start", `${members.length} worker(s), T0 in ${Math.round(inMs)} ms`);
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
          for (const member of members) {
            const { channel } = member.handle;
            channel.onMessage((message) => hear(member, message));
            channel.onClose((how) => lost(member, how));
            send(member, { type: "prepare", job: member.job });
          }
        });
      } finally {
        endWatch();
        forgetAbort();
        cancelStart();
        endBeats();
        for (const { handle } of members) handle.kill();
      }
      event("end", "every worker is done");
      return {
        startedAtEpochMs,
        endedAtEpochMs: startedAtEpochMs + clock.nowMs(),
        planHash: members[0]?.ready?.planHash ?? "",
        ...defined({ extendedToMs }),
        connections: sum(members.map(({ ready }) => ready?.connections ?? 0)),
        warmUpMs: Math.max(...members.map(({ ready }) => ready?.warmUpMs ?? 0)),
        stalls,
        lost: lostWorkers,
        summaries: members.map(({ summary }) => summary),
        sessionsByAddress: sessionsByAddressOf(members),
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
      forgetAbort = options.clock.wakeAt(options.clock.nowMs() + silenceMs, () => {
        for (const { over, handle } of members) if (!over) handle.kill();
      });
    },
    fail(error) {
      if (!started) settle({ error });
    },
    noteProblem,
    noteStall(process, gapMs, atMachineMs) {
      if (started) noteStall({ process, gapMs, atMs: clock.nowMs() + (atMachineMs - clock.machineMs()) });
    },
  };
}

/**
 * The workers of a run on other machines, as its coordinator sees them: orders go into keys, what they say and record comes
 * out of the stream, and what may be lost on its way comes from subjects. They come by themselves; those who don't are named.
 */
import { defined } from "../../base/defined.ts";
import type { Clock } from "../../base/clock.ts";
import { pause } from "../../base/clock.ts";
import { BenchError } from "../../base/errors.ts";
import { formatDuration } from "../../base/duration.ts";
import type { CoordinatorTiming } from "../../loadgen/workers/coordinator.ts";
import type { WorkerHandle } from "../../loadgen/workers/member.ts";
import type { Problem, WorkerJob } from "../../loadgen/workers/protocol.ts";
import type { LineLog } from "../../loadgen/workers/session-log.ts";
import { cantWrite, openLineLog } from "../../loadgen/workers/session-log.ts";
import type { RemoteWorkerFacts, RemoteWorkers } from "../../metrics/result/remote-workers.ts";
import { clockAnswer } from "./clock-offset.ts";
import type { Alive, Order, RecordKind, RemoteJob, Said, Told } from "./messages.ts";
import { RECORD_KINDS, SILENCE_MS } from "./messages.ts";
import { createRemoteWorker } from "./remote-worker.ts";
import { isDeepStrictEqual } from "node:util";
import type { Share } from "../../loadgen/plan/share.ts";
import { sharesByWeight } from "../../loadgen/plan/share.ts";
import { announce } from "./remote-job.ts";
import type { RemoteWorker } from "./remote-worker.ts";
import { numberOf } from "./outbox.ts";
import type { RunBus, StoredMessage } from "./run-bus.ts";

/** Enough for the order to be read everywhere, and for one more try. */
const TIMING: CoordinatorTiming = { startMarginMs: 1500, silenceMs: SILENCE_MS, extendLeadMs: 8000 };
const BEAT_MS = 1000;
/** Between two looks at a stream that has nothing new. */
const LOOK_MS = 100;
const RETRY_MS = 250;
/** At the end of a run the broker may take so long for each of its last tasks. */
const END_LIMIT_MS = 2000;
/** Records that lost workers had stored may take so long to be read. */
const DRAIN_LIMIT_MS = 30_000;
/** A lost worker's records are waited for so long while the broker can't be read. */
const FENCE_LIMIT_MS = 30_000;

export interface FleetOptions {
  bus: RunBus;
  job: RemoteJob;
  clock: Clock;
  /** The run's own files, which the records of all workers are appended to. */
  files: Pick<WorkerJob, "sessionsFile" | "startsFile" | "clipsFile">;
  /** How long the workers may take to get ready. */
  joinMs: number;
  /** They are not all ready in time. */
  onFailure(error: BenchError): void;
  /** The records on this machine are not complete. */
  onProblem(problem: Problem): void;
}

export interface Fleet {
  launch(index: number): WorkerHandle;
  timing: CoordinatorTiming;
  /** Facts of one of them, as far as they are known by now. */
  worker(index: number): RemoteWorkerFacts | undefined;
  /** Who the workers were, and how well their clocks are known. */
  workers(): RemoteWorkers;
  /** Snapshots were lost on their way: what counts is what is in the records. */
  missedSnapshots(): boolean;
  /** Takes the last records in and the run off the broker. Workers that are still at it end, and say `why`. Once. */
  end(why: string): Promise<void>;
}

/**
 * Puts the run on the broker.
 * @throws BenchError (exit 2) when a run of this name is there, (exit 1) when the broker does not take it
 */
export async function openFleet({
  bus,
  job,
  clock,
  files,
  joinMs,
  onFailure,
  onProblem,
}: FleetOptions): Promise<Fleet> {
  const { incarnation, workers: count } = job;
  await announce(bus, job);
  const members = Array.from({ length: count }, (_, index) => createRemoteWorker(index, clock));
  let isIncomplete = false;
  const noteProblem = (error: unknown): void => {
    if (!isIncomplete) onProblem(cantWrite("session records", error));
    isIncomplete = true;
  };
  const logs = await openLogs(files, noteProblem).catch(async (error: unknown) => {
    await bus.removePlaces().catch(() => undefined);
    throw error;
  });
  const orders = new Set<string>();
  let written = 0;
  let writing: Promise<void> | undefined;
  let isDealt = false;
  let shares: Share[] = [];
  let started = false;
  let over = false;
  let isClosed = false;
  let nextSeq = 1;
  /** To be done when all is read that was stored before; where it can't be read, at that time. */
  let afterReading: { act: () => void; untilMs: number }[] = [];

  const beat = (ended?: string): void =>
    bus.publish(
      "alive",
      JSON.stringify({
        ...{ incarnation, orders: written, read: nextSeq - 1 },
        ...defined({ ended }),
      } satisfies Alive),
    );

  /** All workers read all orders, so what is told to each of them is written once. */
  function order(one: Order): void {
    orders.add(JSON.stringify(one));
    writing ??= write();
  }

  /** Shares out the plan once all places are claimed. */
  function deal(): void {
    const weights = members.map((one) => one.weight());
    if (isDealt || !weights.every((weight) => weight !== undefined)) return;
    isDealt = true;
    shares = sharesByWeight(weights);
    order({ type: "deal", weights });
  }

  /** Whoever may write to the broker may have dealt before this process did: sessions would be played twice, or not at all. */
  function checkShare({ index }: RemoteWorker, share: Share): void {
    if (isDeepStrictEqual(share, shares[index])) return;
    onFailure(
      new BenchError(`worker ${index + 1} was dealt a share of the load that this run did not give it`, {
        hint: "Something else writes to the keys of this run on the broker. Take another --run.",
      }),
    );
  }

  async function write(): Promise<void> {
    for (let text = [...orders][written]; text !== undefined && !over; text = [...orders][written]) {
      try {
        await bus.put(`order.${written + 1}`, text);
        written++;
        beat();
      } catch {
        await pause(clock, RETRY_MS);
      }
    }
    writing = undefined;
  }

  function take({ tail, id, body }: StoredMessage): void {
    const [index = "", of, kind] = tail.split(".");
    const member = members[Number(index)];
    if (of !== incarnation || member === undefined || member.isFenced() || isClosed) return;
    if (!member.isNext(numberOf(id))) return;
    if (kind === "said") {
      const said = JSON.parse(body.toString()) as Said;
      member.said(said);
      if (said.type === "claimed") deal();
      if (said.type === "share") checkShare(member, said.share);
    } else if (isRecordKind(kind)) member.records(kind, body, logs[kind]);
  }

  function settleAfterReading(isDue: (task: (typeof afterReading)[number]) => boolean): void {
    const due = afterReading.filter(isDue);
    afterReading = afterReading.filter((task) => !due.includes(task));
    for (const { act } of due) act();
  }

  /** Reads what there is. @returns whether there was anything */
  async function look(): Promise<boolean> {
    const asked = new Set(afterReading);
    const found = await bus.stored(nextSeq);
    if (found.length === 0) settleAfterReading((task) => asked.has(task));
    for (const message of found) {
      // A look that came late has been overtaken by another.
      if (message.seq < nextSeq) continue;
      nextSeq = message.seq + 1;
      try {
        take(message);
      } catch {
        // Not a message of ours.
      }
    }
    return found.length > 0;
  }

  async function read(): Promise<void> {
    while (!over) {
      // While the broker is down nothing is missed: the stream is read on from where it was.
      const had = await look().catch(() => {
        settleAfterReading(({ untilMs }) => clock.nowMs() >= untilMs);
        return false;
      });
      if (!had) await pause(clock, LOOK_MS);
    }
  }

  /** Reads to the end. Gives up where nothing can be read for a while. */
  async function drain(): Promise<void> {
    for (let failedSinceMs: number | undefined; !isClosed;) {
      const had = await look().catch(() => undefined);
      if (had === false) return;
      failedSinceMs = had === true ? undefined : (failedSinceMs ?? clock.nowMs());
      if (failedSinceMs !== undefined) {
        if (clock.nowMs() - failedSinceMs > END_LIMIT_MS) return;
        await pause(clock, RETRY_MS);
      }
    }
  }

  bus.answer(`clock.${incarnation}`, () => clockAnswer(clock));
  bus.listen(`from.*.${incarnation}`, (body, tail) => {
    const member = members[Number(tail.split(".")[1])];
    if (member === undefined || member.isFenced()) return;
    const told = JSON.parse(body) as Told;
    // What the broker has stored of it was said before.
    if ("gone" in told)
      afterReading.push({ act: () => member.told(told), untilMs: clock.nowMs() + END_LIMIT_MS });
    else member.told(told);
  });
  let endBeats = (function again(): () => void {
    beat();
    return clock.wakeAt(clock.nowMs() + BEAT_MS, () => (endBeats = again()));
  })();
  const reading = read();
  const endWait = clock.wakeAt(clock.nowMs() + joinMs, () => {
    const missing = members.filter((one) => !(isDealt ? one.isReady() : one.isPrepared()));
    if (missing.length > 0 && !started) onFailure(notAll(missing, count, joinMs));
  });

  return {
    timing: TIMING,
    launch(index) {
      const member = members[index];
      if (member === undefined) throw new Error(`there is no worker ${index}`);
      return {
        channel: {
          send(message) {
            // The job is on the broker already, for whoever claims a place.
            if (message.type === "prepare") return;
            if (message.type === "start") started = true;
            order(message);
          },
          onMessage: (handler) => member.onMessage(handler),
          onClose: (handler) => member.onClose(handler),
        },
        kill() {
          if (!started || member.isOver()) return;
          order({ type: "fence", index });
          // It may be this side that is behind: what it had stored by now counts.
          afterReading.push({ act: () => member.fence(), untilMs: clock.nowMs() + FENCE_LIMIT_MS });
        },
      };
    },
    worker: (index) => members[index]?.facts(),
    workers: () => summary(members),
    missedSnapshots: () => members.some((member) => member.missedSnapshots()),
    async end(why) {
      endWait();
      await within(END_LIMIT_MS, Promise.resolve(writing));
      over = true;
      await within(END_LIMIT_MS, reading);
      await within(DRAIN_LIMIT_MS, drain());
      isClosed = true;
      await Promise.all(Object.values(logs).map((log) => log.close().catch(noteProblem)));
      endBeats();
      beat(why);
      await within(END_LIMIT_MS, bus.removePlaces());
    },
  };

  async function within(limitMs: number, task: Promise<unknown>): Promise<void> {
    await Promise.race([task.catch(() => undefined), pause(clock, limitMs)]);
  }
}

async function openLogs(
  { sessionsFile, startsFile, clipsFile }: FleetOptions["files"],
  onError: (error: Error) => void,
): Promise<Record<RecordKind, LineLog>> {
  const [sessions, starts, clips] = await Promise.all(
    [sessionsFile, startsFile, clipsFile].map((path) => openLineLog(path, onError)),
  );
  if (sessions === undefined || starts === undefined || clips === undefined) throw new Error("unreachable");
  return { sessions, starts, clips };
}

function isRecordKind(kind: string | undefined): kind is RecordKind {
  return RECORD_KINDS.some((one) => one === kind);
}

function notAll(missing: readonly RemoteWorker[], count: number, joinMs: number): BenchError {
  const named = missing.map((member) => {
    const host = member.host();
    return `${member.index} (${host === undefined ? "nobody came" : `on ${host}, not ready`})`;
  });
  return new BenchError(
    `${missing.length} of ${count} workers were not ready within ${formatDuration(joinMs)}: index ${named.join(", ")}`,
    {
      hint: "Look at the output of those workers (in Kubernetes: kubectl describe pod), or give them longer with --join-timeout.",
    },
  );
}

function summary(members: readonly RemoteWorker[]): RemoteWorkers {
  const workers = members.map((member) => member.facts());
  const starts = workers.flatMap(({ startedAtMs }) => (startedAtMs === undefined ? [] : [startedAtMs]));
  return {
    ...(starts.length === 0 ? {} : { startSpreadMs: Math.max(...starts) - Math.min(...starts) }),
    workers,
  };
}

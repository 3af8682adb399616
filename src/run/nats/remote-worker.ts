/** One worker on another machine, as far as the coordinator's side has heard of it. */
import type { Clock } from "../../base/clock.ts";
import { defined } from "../../base/defined.ts";
import { toThousandths } from "../../base/thousandths.ts";
import type { Addressed, FromWorker } from "../../loadgen/workers/protocol.ts";
import type { LineLog } from "../../loadgen/workers/session-log.ts";
import type { RemoteWorkerFacts } from "../../metrics/result/remote-workers.ts";
import type { EngineSummary } from "../../loadgen/engine/engine.ts";
import type { Share } from "../../loadgen/plan/share.ts";
import { isWeight } from "../../loadgen/plan/share.ts";
import type { RecordKind, Said, Told } from "./messages.ts";
import { createWorkerLoadMeter } from "./worker-load.ts";

/** The last snapshots take another way than the word that all is done, and may come after it by so much. */
const LATE_SNAPSHOT_MS = 1000;
const NEWLINE = 0x0a;
/** A longer line is no record. */
const LONGEST_LINE = 16 * 1024 * 1024;

export interface RemoteWorker {
  /** From 0. */
  readonly index: number;
  /** Undefined until it has claimed its place. */
  host(): string | undefined;
  /** Undefined until it has claimed its place. */
  weight(): number | undefined;
  /** It has all that it needs but its share, which is dealt when all places are claimed. */
  isPrepared(): boolean;
  isReady(): boolean;
  onMessage(handler: (message: Addressed<FromWorker>) => void): void;
  onClose(handler: (how?: string) => void): void;
  /** Takes what came on a subject. */
  told(told: Told): void;
  /**
   * Whether the message of that number, from 1, is to be taken. One that comes again is not; where one is missing, something has
   * taken it off the broker, and the worker counts as lost: nobody knows what its records lack.
   */
  isNext(number: number): boolean;
  /** Takes what came out of the stream. */
  said(said: Said): void;
  /** Takes bytes of a file; its lines go into the run's own when they are whole. */
  records(kind: RecordKind, bytes: Buffer, log: LineLog): void;
  /** It has ended by itself. */
  isOver(): boolean;
  /** Nothing is taken from it any more. */
  fence(): void;
  isFenced(): boolean;
  missedSnapshots(): boolean;
  facts(): RemoteWorkerFacts;
}

export function createRemoteWorker(index: number, clock: Clock): RemoteWorker {
  const meter = createWorkerLoadMeter();
  let host: string | undefined;
  let weight: number | undefined;
  let share: Share | undefined;
  let processes: number | undefined;
  let clockFacts: Omit<RemoteWorkerFacts, "index" | "host"> = {};
  let hear: (message: Addressed<FromWorker>) => void = () => undefined;
  let close: (how?: string) => void = () => undefined;
  let isReady = false;
  let isDone = false;
  let isOver = false;
  let isFenced = false;
  let missed = false;
  let snapshots = 0;
  /** Number of the last message out of the stream. */
  let taken = 0;
  let isBroken = false;
  const cut = new Map<RecordKind, Buffer>();

  function done(message: Addressed<FromWorker>, sent: number, untilMs: number): void {
    isDone = true;
    if (snapshots < sent && clock.nowMs() < untilMs) {
      clock.wakeAt(clock.nowMs() + 20, () => done(message, sent, untilMs));
      return;
    }
    missed ||= snapshots < sent;
    isOver = true;
    hear(message);
  }

  function gone(why: string): void {
    // Its share is done, all but for a snapshot that is on its way.
    if (isDone) return;
    isOver = true;
    close(why);
  }

  return {
    index,
    host: () => host,
    weight: () => weight,
    isPrepared: () => weight !== undefined && clockFacts.clockOffsetMs !== undefined,
    isReady: () => isReady,
    onMessage: (handler) => (hear = handler),
    onClose: (handler) => (close = handler),
    told(told) {
      if ("gone" in told) {
        gone(told.gone);
        return;
      }
      const { snapshots: sent, message } = told;
      // All else goes through the stream, behind the records that it rests on.
      if (message.type !== "snapshot" && message.type !== "health") return;
      if (message.type === "snapshot") {
        if (sent <= snapshots) return;
        missed ||= sent > snapshots + 1;
        snapshots = sent;
      }
      try {
        meter.add(message);
        hear(message);
      } catch {
        // No snapshot of ours, or half of one: the records tell.
        missed = true;
      }
    },
    isNext(number) {
      if (isBroken || !Number.isInteger(number) || number <= taken) return false;
      isBroken = number > taken + 1;
      if (!isBroken) taken = number;
      else if (!isOver)
        close(`had said more than the broker kept (${number - taken - 1} messages are missing)`);
      return !isBroken;
    },
    said(said) {
      switch (said.type) {
        case "claimed":
          // Once: its share is dealt by it.
          if (weight === undefined && isWeight(said.weight) && typeof said.host === "string")
            ({ host, weight } = said);
          break;
        case "share":
          // Once, as the weight: the second of two words may be anybody's.
          if (share === undefined && isCount(said.processes)) ({ share, processes } = said);
          break;
        case "clock": {
          const { wallOffsetMs, uncertaintyMs } = said.reading;
          if (![wallOffsetMs, uncertaintyMs, said.startedAtMs ?? 0].every(Number.isFinite)) break;
          clockFacts = {
            clockOffsetMs: toThousandths(wallOffsetMs),
            clockUncertaintyMs: toThousandths(uncertaintyMs),
            ...(said.startedAtMs !== undefined && { startedAtMs: toThousandths(said.startedAtMs) }),
          };
          break;
        }
        case "gone":
          gone(said.why);
          break;
        case "message": {
          const { message, snapshots: sent } = said;
          // Not before it has said what it was dealt, which is checked.
          if (message.type === "ready" && share === undefined) break;
          isReady ||= message.type === "ready";
          if (message.type === "done" && !isSummary(message.summary))
            close("said that it was done, but sent no usable summary");
          else if (message.type === "done") done(message, sent, clock.nowMs() + LATE_SNAPSHOT_MS);
          else
            hear(
              message.type === "failed" ? { ...message, message: `${named()}: ${message.message}` } : message,
            );
          break;
        }
      }
    },
    records(kind, bytes, log) {
      const before = cut.get(kind);
      const all = before === undefined ? bytes : Buffer.concat([before, bytes]);
      const end = all.lastIndexOf(NEWLINE);
      const rest = all.subarray(end + 1);
      // A copy: a part would keep the whole message in memory.
      if (rest.length === 0 || rest.length > LONGEST_LINE) cut.delete(kind);
      else cut.set(kind, Buffer.from(rest));
      if (end >= 0) log.append(all.toString("utf8", 0, end));
    },
    isOver: () => isOver,
    fence: () => void (isFenced = true),
    isFenced: () => isFenced,
    missedSnapshots: () => missed,
    facts: () => ({
      index,
      ...defined({ host, weight, processes }),
      ...clockFacts,
      ...defined({ load: meter.load() }),
    }),
  };

  function named(): string {
    return `worker ${index + 1} on ${host ?? "an unknown host"}`;
  }
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0;
}

/** Whoever may write to the broker may have written it. */
function isSummary({ windowEndMs, lastRecordedEndMs, pausedSlotMs }: EngineSummary): boolean {
  return [windowEndMs, lastRecordedEndMs, pausedSlotMs].every(Number.isFinite);
}

/**
 * Adds a run up again from what its workers wrote down: the records of the sessions that ended, and the starts of those
 * that did not. For runs that lost a worker, whose last snapshots never came, and for runs that were killed as a whole.
 * The records go through the recorder that made the live numbers, so the two agree to the last digit.
 */
import { BenchError, messageOf } from "../base/errors.ts";
import type { Observation } from "../metrics/observation/observation.ts";
import type { RecorderConfig } from "../metrics/record/recorder.ts";
import { createRecorder } from "../metrics/record/recorder.ts";
import { linesOf, readClips, type SessionFiles, sessionsOrGaps } from "../metrics/result/stored-sessions.ts";
import type { Snapshot } from "../metrics/record/snapshot.ts";
import type { Totals } from "../metrics/record/totals.ts";
import { createTotals } from "../metrics/record/totals.ts";
import type { LostWorker } from "../metrics/result/run-event.ts";
import type { PlannedSession, StartRecord } from "../loadgen/workers/start-record.ts";
import { lostObservation, startRecordIn } from "../loadgen/workers/start-record.ts";

export interface RebuildInput extends RecorderConfig, SessionFiles {
  /** Path of `starts.ndjson`; one that is not there counts as empty. */
  startsFile: string;
  /** Workers whose loss was noticed. Of any other the end of the records is the end. */
  lost: readonly LostWorker[];
  /** What was planned for a worker, in order of time: what a lost one never began stays in the count. */
  planned?(worker: number): Iterable<PlannedSession>;
  /** Plans count up to here, the end of the window as it was; default: to the last trace of the run. */
  plannedUntilMs?: number;
  /** Every interval, when it was added to the totals. */
  onSnapshot?(snapshot: Snapshot): void;
}

export interface Rebuilt {
  totals: Totals;
  /** Records read. */
  ended: number;
  /** Sessions that began and have no record; in the totals failed by the generator, class `worker-lost`, as are unbegun ones. */
  inFlight: readonly StartRecord[];
  /** Lines that can't be read, such as one that was cut short in the middle of its write, or that name an unknown clip. */
  unreadable: number;
  /** The last trace of the run: an end or a start of a session. */
  lastSeenMs: number;
  /** When the last session of the window ended that has a record. */
  lastRecordedEndMs: number;
}

/** The totals are taken in intervals of this length, like the workers' own. */
const INTERVAL_MS = 1000;

/** @throws BenchError (exit 2) when a file is there and can't be read */
export async function rebuildTotals(input: RebuildInput): Promise<Rebuilt> {
  const clips = await readClips(input.clipsFile);
  const open = new Map<number, StartRecord>();
  /** Numbers of all sessions that left a line. */
  const known = new Set<number>();
  const intervals = createIntervals(input);
  let ended = 0;
  let unreadable = 0;
  let lastSeenMs = 0;
  let lastRecordedEndMs = 0;

  for await (const start of linesOf(input.startsFile, "seq", startRecordIn)) {
    if (start === undefined) unreadable++;
    else {
      open.set(start.seq, start);
      known.add(start.seq);
      lastSeenMs = Math.max(lastSeenMs, start.startedMs);
    }
  }
  for await (const session of sessionsOrGaps(input.sessionsFile, clips)) {
    if (session === undefined) {
      unreadable++;
      continue;
    }
    const { seq, phase, scheduledMs, endedMs } = session;
    ended++;
    known.add(seq);
    open.delete(seq);
    lastSeenMs = Math.max(lastSeenMs, endedMs ?? scheduledMs);
    if (phase === "steady") lastRecordedEndMs = Math.max(lastRecordedEndMs, endedMs ?? 0);
    intervals.record(session);
  }
  const inFlight = [...open.values()].filter((start) => clips.has(start.clip));
  unreadable += open.size - inFlight.length;
  for (const start of inFlight) {
    const clip = clips.get(start.clip);
    const lostMs = input.lost.find(({ worker }) => worker === start.worker)?.atMs ?? lastSeenMs;
    if (clip !== undefined) intervals.record(lostObservation(start, clip, lostMs));
  }
  const untilMs = input.plannedUntilMs ?? lastSeenMs;
  for (const { worker, atMs } of input.lost) {
    for (const session of input.planned?.(worker) ?? []) {
      if (session.scheduledMs >= untilMs) break;
      const clip = clips.get(session.clip);
      if (clip === undefined || known.has(session.seq)) continue;
      // Once, also when the loss of a worker is told of twice.
      known.add(session.seq);
      intervals.record(lostObservation(session, clip, atMs));
    }
  }
  return { totals: intervals.end(), ended, inFlight, unreadable, lastSeenMs, lastRecordedEndMs };
}

/** Records observations, in about the order of their ends, into totals with a point a second. */
function createIntervals({ onSnapshot, ...config }: RecorderConfig & Pick<RebuildInput, "onSnapshot">): {
  record(observation: Observation): void;
  end(): Totals;
} {
  const recorder = createRecorder(config);
  const totals = createTotals(config);
  let fromMs = 0;

  function close(): void {
    const toMs = fromMs + INTERVAL_MS;
    const snapshot = recorder.snapshot(fromMs, toMs);
    totals.add(snapshot);
    onSnapshot?.(snapshot);
    fromMs = toMs;
  }

  return {
    record(observation) {
      try {
        record(observation);
      } catch (error) {
        if (error instanceof BenchError) throw error;
        throw BenchError.usage(
          `the record of session ${observation.seq} contradicts itself: ${messageOf(error)}`,
        );
      }
    },
    end() {
      while (recorder.scoreNext());
      close();
      return totals;
    },
  };

  function record(observation: Observation): void {
    const atMs = observation.endedMs ?? observation.scheduledMs;
    while (atMs >= fromMs + INTERVAL_MS) close();
    recorder.record(observation);
  }
}

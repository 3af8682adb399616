/**
 * Adds a run up again from what its workers wrote down: the records of the sessions that ended, and the starts of those
 * that did not. For runs that lost a worker, whose last snapshots never came, and for runs that were killed as a whole.
 * The records go through the recorder that made the live numbers, so the two agree to the last digit.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { BenchError, messageOf } from "../base/errors.ts";
import type { ClipFacts, Observation } from "../metrics/observation/observation.ts";
import type { RecorderConfig } from "../metrics/record/recorder.ts";
import { createRecorder } from "../metrics/record/recorder.ts";
import { observationOf } from "../metrics/result/session-record.ts";
import { clipFactsIn, sessionRecordIn } from "../metrics/result/stored-lines.ts";
import type { Totals } from "../metrics/record/totals.ts";
import { createTotals } from "../metrics/record/totals.ts";
import type { LostWorker } from "../metrics/result/run-event.ts";
import type { PlannedSession, StartRecord } from "../loadgen/workers/start-record.ts";
import { lostObservation, startRecordIn } from "../loadgen/workers/start-record.ts";

export interface RebuildInput extends RecorderConfig {
  /** Paths of `sessions.ndjson`, `starts.ndjson` and `clips.ndjson`; one that is not there counts as empty. */
  sessionsFile: string;
  startsFile: string;
  clipsFile: string;
  /** Workers whose loss was noticed. Of any other the end of the records is the end. */
  lost: readonly LostWorker[];
  /** What was planned for a worker, in order of time: what a lost one never began stays in the count. */
  planned?(worker: number): Iterable<PlannedSession>;
  /** Plans count up to here, the end of the window as it was; default: to the last trace of the run. */
  plannedUntilMs?: number;
}

export interface Rebuilt {
  totals: Totals;
  /** Records read. */
  ended: number;
  /** Sessions that began and have no record; in the totals failed by the generator, class `worker-lost`, as are unbegun ones. */
  inFlight: readonly StartRecord[];
  /** Lines that can't be read, such as one that was cut short in the middle of its write. */
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
  const clips = new Map<string, ClipFacts>();
  const open = new Map<number, StartRecord>();
  /** Numbers of all sessions that left a line. */
  const known = new Set<number>();
  const intervals = createIntervals(input);
  let ended = 0;
  let unreadable = 0;
  let lastSeenMs = 0;
  let lastRecordedEndMs = 0;

  for await (const facts of linesOf(input.clipsFile, "id", clipFactsIn)) {
    if (facts !== undefined) clips.set(facts.id, facts);
  }
  for await (const start of linesOf(input.startsFile, "seq", startRecordIn)) {
    if (start === undefined) unreadable++;
    else {
      open.set(start.seq, start);
      known.add(start.seq);
      lastSeenMs = Math.max(lastSeenMs, start.startedMs);
    }
  }
  for await (const record of linesOf(input.sessionsFile, "seq", sessionRecordIn)) {
    const clip = record === undefined ? undefined : clips.get(record.clip);
    if (record === undefined || clip === undefined) {
      unreadable++;
      continue;
    }
    ended++;
    known.add(record.seq);
    open.delete(record.seq);
    lastSeenMs = Math.max(lastSeenMs, record.endedMs ?? record.scheduledMs);
    if (record.phase === "steady") lastRecordedEndMs = Math.max(lastRecordedEndMs, record.endedMs ?? 0);
    intervals.record(observationOf(record, clip));
  }
  const inFlight = [...open.values()].filter((start) => clips.has(start.clip));
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
      if (clip !== undefined && !known.has(session.seq))
        intervals.record(lostObservation(session, clip, atMs));
    }
  }
  return { totals: intervals.end(), ended, inFlight, unreadable, lastSeenMs, lastRecordedEndMs };
}

/** The sessions that left a record, whole; what can't be read is left out. @throws BenchError (exit 2) when a file can't be */
export async function* recordedSessions(
  files: Pick<RebuildInput, "sessionsFile" | "clipsFile">,
): AsyncGenerator<Observation> {
  const clips = new Map<string, ClipFacts>();
  for await (const facts of linesOf(files.clipsFile, "id", clipFactsIn)) {
    if (facts !== undefined) clips.set(facts.id, facts);
  }
  for await (const record of linesOf(files.sessionsFile, "seq", sessionRecordIn)) {
    const clip = record === undefined ? undefined : clips.get(record.clip);
    if (record !== undefined && clip !== undefined) yield observationOf(record, clip);
  }
}

/** Records observations, in about the order of their ends, into totals with a point a second. */
function createIntervals(config: RecorderConfig): { record(observation: Observation): void; end(): Totals } {
  const recorder = createRecorder(config);
  const totals = createTotals(config);
  let fromMs = 0;

  function close(): void {
    const toMs = fromMs + INTERVAL_MS;
    totals.add(recorder.snapshot(fromMs, toMs));
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

/**
 * The JSON objects of a file, a line each; undefined for what is none. Workers append to one file: what one of them was
 * killed in the middle of may stand before the whole line of another, which is found again by how lines begin.
 * @param first name of the first field
 * @param read undefined for what is no such record
 */
async function* linesOf<T>(
  path: string,
  first: keyof T & string,
  read: (line: string) => T | undefined,
): AsyncGenerator<T | undefined> {
  const stream = createReadStream(path, "utf8");
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      const whole = read(line);
      if (whole === undefined) {
        const next = line.lastIndexOf(`{"${first}":`);
        const rest = next > 0 ? read(line.slice(next)) : undefined;
        if (rest !== undefined) yield rest;
      }
      yield whole;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw BenchError.usage(`${path} can't be read: ${messageOf(error)}`);
  }
}

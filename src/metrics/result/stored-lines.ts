/**
 * Lines of a run folder, read back. A folder may come from anywhere (an archive of baselines, another machine, a disk that was
 * full): what is not a whole record of a known version is none, as a line that a kill cut short. Bounds are those of any run.
 */
import { isRecord } from "../../base/record.ts";
import { NORMALIZERS, SCORED_UNITS } from "../../base/text/scoring/normalizers.ts";
import type { Failure } from "../../base/outcome.ts";
import type { ClipFacts, Observation } from "../observation/observation.ts";
import type { RunEvent } from "./run-event.ts";
import { observationOf, RECORD_VERSION, type SessionRecord, STAMPS } from "./session-record.ts";
import { hasChunksOfV1, observationOfV1, type SessionRecordV1 } from "./session-record-v1.ts";

/** No run lasts longer: a week, and a day for its drain. */
const LONGEST_MS = 8 * 24 * 3_600_000;
/** Three hours in chunks of 10 ms. */
const MOST_CHUNKS = 1_100_000;

const PHASES: ReadonlySet<unknown> = new Set(["warmup", "steady", "drain"]);

type Fields = Readonly<Record<string, unknown>>;

/**
 * The session of a line of `sessions.ndjson`, whatever the version of its record; undefined for anything else.
 * @param clips facts by id: without those of its clip nothing can be said of a session
 */
export function sessionIn(
  line: string,
  clips: Pick<ReadonlyMap<string, ClipFacts>, "get">,
): Observation | undefined {
  const fields = fieldsIn(line);
  if (fields === undefined || !isSession(fields) || !isEndOfSession(fields)) return undefined;
  const clip = clips.get(fields["clip"] as string);
  const observation = clip && observationIn(fields, clip);
  if (observation === undefined || observation.acceptedMs.length > observation.sentMs.length)
    return undefined;
  const { sentMs, anchorMs, pace } = observation;
  // Every send has an instant it was due at.
  return sentMs.length > 0 && anchorMs === undefined && pace !== Infinity ? undefined : observation;
}

function observationIn(fields: Fields, clip: ClipFacts): Observation | undefined {
  if (fields["v"] === undefined) {
    const { sentMs } = fields;
    return (sentMs === undefined || isListOf(sentMs, isTime)) &&
      hasChunksOfV1(fields, (value) => isListOf(value, isNumber))
      ? observationOfV1(fields as unknown as SessionRecordV1, clip)
      : undefined;
  }
  const isWhole =
    fields["v"] === RECORD_VERSION &&
    isListOf(fields["sentUs"], isMicroseconds) &&
    isListOf(fields["acceptedAfterUs"], isMicroseconds);
  return isWhole ? observationOf(fields as unknown as SessionRecord, clip) : undefined;
}

/** Fields of a session's record, besides its start, that all versions share. */
function isEndOfSession(fields: Fields): boolean {
  const { ok, dropped, responses, failure, faults, chunks, audioMs } = fields;
  return (
    typeof ok === "boolean" &&
    (ok || dropped === true || failure !== undefined) &&
    isCountOfChunks(chunks) &&
    isTime(audioMs) &&
    STAMPS.every((name) => fields[name] === undefined || isTime(fields[name])) &&
    isListOf(responses, isResponse) &&
    (failure === undefined || isFailure(failure)) &&
    (faults === undefined || isFaults(faults))
  );
}

/** A line of `clips.ndjson`; undefined for anything else. */
export function clipFactsIn(line: string): ClipFacts | undefined {
  const fields = fieldsIn(line);
  if (fields === undefined) return undefined;
  const { id, audioMs, onsetMs, speechEndMs, text, words, scoring, unloaded } = fields;
  const isWhole =
    typeof id === "string" &&
    [audioMs, onsetMs, speechEndMs].every((ms) => isTime(ms) && ms >= 0) &&
    (text === undefined || typeof text === "string") &&
    isListOf(words, isWord) &&
    (scoring === undefined || isScoringRules(scoring)) &&
    (unloaded === undefined || typeof unloaded === "string");
  return isWhole ? (fields as unknown as ClipFacts) : undefined;
}

/** A line of `events.ndjson`; undefined for anything else. */
export function runEventIn(line: string): RunEvent | undefined {
  const fields = fieldsIn(line);
  if (fields === undefined) return undefined;
  const { atMs, type, message, stall, lost, windowEndMs } = fields;
  const isWhole =
    isTime(atMs) &&
    typeof type === "string" &&
    typeof message === "string" &&
    (stall === undefined ||
      (isRecord(stall) &&
        typeof stall["process"] === "string" &&
        isTime(stall["gapMs"]) &&
        isTime(stall["atMs"]))) &&
    (lost === undefined ||
      (isRecord(lost) &&
        Number.isSafeInteger(lost["worker"]) &&
        isTime(lost["atMs"]) &&
        typeof lost["windowOver"] === "boolean")) &&
    (windowEndMs === undefined || isTime(windowEndMs));
  return isWhole ? (fields as unknown as RunEvent) : undefined;
}

function isCountOfChunks(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= MOST_CHUNKS;
}

/** What starts and records of sessions have in common. */
export function isSession(fields: Fields): boolean {
  const { seq, slot, phase, stage, clip, chunkMs, pace, scheduledMs } = fields;
  return (
    Number.isSafeInteger(seq) &&
    Number.isSafeInteger(slot) &&
    PHASES.has(phase) &&
    typeof stage === "string" &&
    typeof clip === "string" &&
    isTime(chunkMs) &&
    chunkMs >= 1 &&
    isNumber(pace) &&
    pace >= 0 &&
    isTime(scheduledMs)
  );
}

/** The JSON object in a line; undefined for anything else. */
export function fieldsIn(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An instant or a length within a run, in milliseconds. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= LONGEST_MS;
}

function isMicroseconds(value: unknown): boolean {
  return Number.isSafeInteger(value) && isTime((value as number) / 1000);
}

function isResponse(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { atMs, final, text, stability, audioProcessedMs, words } = value;
  return (
    isTime(atMs) &&
    typeof final === "boolean" &&
    typeof text === "string" &&
    (stability === undefined || isNumber(stability)) &&
    (audioProcessedMs === undefined || isNumber(audioProcessedMs)) &&
    (words === undefined || isListOf(words, isWord))
  );
}

/** Times of words are the server's: any number. */
function isWord(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value["word"] === "string" &&
    isNumber(value["startMs"]) &&
    isNumber(value["endMs"])
  );
}

function isScoringRules(value: unknown): boolean {
  return (
    isRecord(value) &&
    NORMALIZERS.some((name) => name === value["normalizer"]) &&
    SCORED_UNITS.some((unit) => unit === value["unit"])
  );
}

function isFailure(value: unknown): value is Failure {
  return (
    isRecord(value) &&
    ["phase", "class", "origin", "code", "message"].every((name) => typeof value[name] === "string")
  );
}

function isFaults(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { condition, delayMs, mute, lost } = value;
  return (
    typeof condition === "string" &&
    (delayMs === undefined || isListOf(delayMs, isTime)) &&
    (mute === undefined || (isRecord(mute) && Object.values(mute).every(isTime))) &&
    (lost === undefined || isListOf(lost, isTime))
  );
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= MOST_CHUNKS && value.every(is);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

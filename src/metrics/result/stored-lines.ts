/**
 * Lines of a run folder, read back. A folder may come from anywhere (an archive of baselines, another machine, a disk that was
 * full): what is not a whole record of this version is none, as a line that a kill cut short. Bounds are those of any run.
 */
import { isRecord } from "../../base/record.ts";
import { NORMALIZERS, SCORED_UNITS } from "../../base/text/scoring/normalizers.ts";
import type { Failure } from "../../base/outcome.ts";
import type { ClipFacts } from "../observation/observation.ts";
import type { RunEvent } from "./run-event.ts";
import type { SessionRecord } from "./session-record.ts";

/** No run lasts longer: a week, and a day for its drain. */
const LONGEST_MS = 8 * 24 * 3_600_000;
/** Three hours in chunks of 10 ms. */
const MOST_CHUNKS = 1_100_000;

const PHASES: ReadonlySet<unknown> = new Set(["warmup", "steady", "drain"]);
const STAMPS = ["startedMs", "readyMs", "anchorMs", "finishedMs", "endedMs"] as const;

type Fields = Readonly<Record<string, unknown>>;

/** A line of `sessions.ndjson`; undefined for anything else. */
export function sessionRecordIn(line: string): SessionRecord | undefined {
  const fields = fieldsIn(line);
  if (fields === undefined || !isSession(fields)) return undefined;
  const { ok, responses, values, failure, sentMs, faults, chunks, audioMs } = fields;
  const isWhole =
    typeof ok === "boolean" &&
    isCountOfChunks(chunks) &&
    isTime(audioMs) &&
    STAMPS.every((name) => fields[name] === undefined || isTime(fields[name])) &&
    isListOf(responses, isResponse) &&
    isRecord(values) &&
    Object.values(values).every((value) => isNumber(value) || isListOf(value, isNumber)) &&
    (failure === undefined || isFailure(failure)) &&
    (sentMs === undefined || isListOf(sentMs, isTime)) &&
    // Without the sends themselves they follow from how late they were, and from when they were due.
    (sentMs !== undefined || fields["anchorMs"] !== undefined || isEmpty(values["send_lateness"])) &&
    (faults === undefined || isFaults(faults));
  return isWhole ? (fields as unknown as SessionRecord) : undefined;
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

function isEmpty(series: unknown): boolean {
  return series === undefined || (Array.isArray(series) && series.length === 0);
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
  const { condition, mute, lost } = value;
  return (
    typeof condition === "string" &&
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

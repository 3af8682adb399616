/**
 * Lines of `sessions.ndjson` as they were before records had a version. They held every metric of the session, and the times
 * of its chunks only as these: a send was `send_lateness` after its planned instant, its acceptance `back_pressure` later.
 */
import { isRecord } from "../../base/record.ts";
import { toThousandths } from "../../base/thousandths.ts";
import { type ClipFacts, type Observation, plannedSendMs } from "../observation/observation.ts";
import { observationOf, RECORD_VERSION, type SessionRecord } from "./session-record.ts";

/** Fields in place of `sentUs`, `acceptedAfterUs` and `faults.delayMs`. */
interface ChunksOfV1 {
  values: Readonly<Record<string, number | readonly number[]>>;
  /** Where there is no pace: then no chunk is ever due, and nothing is late. */
  sentMs?: readonly number[];
}

/** A record without a version, of whose other fields the reader is sure. */
export type SessionRecordV1 = Omit<SessionRecord, "v" | "sentUs" | "acceptedAfterUs"> & ChunksOfV1;

/**
 * True when the fields hold what version 1 knew of the chunks.
 * @param isNumbers true for a list of finite numbers that is no longer than any session
 */
export function hasChunksOfV1(
  fields: Readonly<Record<string, unknown>>,
  isNumbers: (value: unknown) => boolean,
): boolean {
  const { values, sentMs, anchorMs } = fields;
  return (
    isRecord(values) &&
    Object.values(values).every((value) => Number.isFinite(value) || isNumbers(value)) &&
    // Without the sends themselves they follow from how late they were, and from when they were due.
    (sentMs !== undefined || anchorMs !== undefined || series(values, "send_lateness").length === 0)
  );
}

/** The observation that a record of version 1 was made of, exactly, provided that it went through `inMicroseconds`. */
export function observationOfV1(record: SessionRecordV1, clip: ClipFacts): Observation {
  const { values, sentMs: unpacedMs, faults, ...rest } = record;
  const delayMs = series(values, "injected_delay");
  const planned = observationOf(
    {
      ...rest,
      ...(faults === undefined ? {} : { faults: delayMs.length === 0 ? faults : { ...faults, delayMs } }),
      ...{ v: RECORD_VERSION, sentUs: [], acceptedAfterUs: [] },
    },
    clip,
  );
  const sentMs =
    unpacedMs ??
    series(values, "send_lateness").map((late, k) => toThousandths(plannedSendMs(planned, k) + late));
  const acceptedMs = series(values, "back_pressure").map((held, k) =>
    toThousandths((sentMs[k] ?? NaN) + held),
  );
  return { ...planned, sentMs: Float64Array.from(sentMs), acceptedMs: Float64Array.from(acceptedMs) };
}

function series(values: Readonly<Record<string, unknown>>, name: string): readonly number[] {
  const found = values[name];
  return Array.isArray(found) ? (found as number[]) : [];
}

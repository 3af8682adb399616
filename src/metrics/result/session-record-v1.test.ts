/** Lines that real runs left when records had no version: under faults of five kinds, in peace, and without a pace. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ENDPOINTING_METRICS } from "../catalogue/endpointing.ts";
import { valuesByName } from "../catalogue/values-by-name.ts";
import type { ClipFacts, Observation } from "../observation/observation.ts";
import { sessionRecord } from "./session-record.ts";
import type { SessionRecordV1 } from "./session-record-v1.ts";
import { clipFactsIn, sessionIn } from "./stored-lines.ts";

const linesOf = (name: string): string[] =>
  readFileSync(new URL(`../../../test/fixtures/records-v1/${name}`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
const CLIPS = new Map(
  linesOf("clips.ndjson").map((line) => {
    const clip = clipFactsIn(line) as ClipFacts;
    return [clip.id, clip] as const;
  }),
);
const LINES = linesOf("sessions.ndjson").map((line) => {
  const { seq, stage } = JSON.parse(line) as SessionRecordV1;
  return [`session ${seq}, ${stage}`, line] as const;
});

/** Metrics that came after version 1, and are computed of its lines too. */
const SINCE = new Set(ENDPOINTING_METRICS.flatMap(({ name }) => [name, `${name}_actual`]));

function read(line: string): Observation {
  return sessionIn(line, CLIPS)!;
}

it.each(LINES)("%s: every metric has the value that stands in the line", (_, line) => {
  const { values } = JSON.parse(line) as SessionRecordV1;
  const { send_lateness: lateness = [], ...known } = valuesByName(read(line));
  const found = Object.fromEntries(Object.entries(known).filter(([name]) => !SINCE.has(name)));
  const { send_lateness: writtenLateness = [], ...written } = values;
  expect(found).toEqual(written);
  // It was written with a digit more.
  const lists = [lateness, writtenLateness].map((list) => list as number[]);
  expect(lists[0]).toHaveLength(lists[1]!.length);
  for (const [k, late] of lists[1]!.entries()) expect(Math.abs(lists[0]![k]! - late)).toBeLessThan(0.000_51);
});

it.each(LINES)("%s: written anew it is the same session", (_, line) => {
  const session = read(line);
  const anew = JSON.stringify(sessionRecord(session));
  expect(anew).toContain('"v":2');
  expect(read(anew)).toEqual(session);
});

it("gives the sends of a chunk that was held, of one after a pause, and of one without a pace", () => {
  const [mobile, muted, , , , , , unpaced] = LINES.map(([, line]) => read(line));
  // A0 358.333, d_0 100, held for 0.303, 66.955 late.
  expect(mobile?.sentMs[0]).toBe(525.591);
  expect(mobile?.faults?.delayMs?.[1]).toBe(26.863);
  // A0 7650, D 2217.125, off for 2000, 1.305 late; taken 0.734 later.
  expect(muted?.sentMs[22]).toBe(11_868.43);
  expect(muted?.acceptedMs[22]).toBe(11_869.164);
  expect(Array.from(unpaced?.sentMs ?? [])).toEqual([2533.49, 2533.653, 2533.783]);
  expect(unpaced?.acceptedMs[2]).toBe(2536.879);
});

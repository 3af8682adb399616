import { describe, expect, it } from "vitest";
import { observationOf, sessionRecord } from "./session-record.ts";
import { FOUR_WORDS, sketch } from "../../../test/support/timeline.ts";
import { clipFactsIn, runEventIn, sessionRecordIn } from "./stored-lines.ts";

const OBSERVED = sketch({ seq: 7, endedMs: 1200, said: [[500, "one", 300]] });
const LINE = JSON.stringify(sessionRecord(OBSERVED));
const changed = (change: object): string => JSON.stringify({ ...(JSON.parse(LINE) as object), ...change });

describe("sessionRecordIn", () => {
  it("reads what was written", () => {
    expect(sessionRecordIn(LINE)).toEqual(JSON.parse(LINE));
    expect(observationOf(sessionRecordIn(LINE)!, FOUR_WORDS).seq).toBe(7);
  });

  it.each([
    ["an end in 30,000 years, which would be a billion intervals", { endedMs: 1e15 }],
    ["more chunks than any audio has", { chunks: 1e9 }],
    ["chunks of no length", { chunkMs: 0 }],
    ["a phase that there is not", { phase: "x" }],
    ["no list of responses", { responses: {} }],
    ["a response without text", { responses: [{ atMs: 1, final: true }] }],
    ["values that are no numbers", { values: { rtf: "x" } }],
    ["a value that is nothing", { values: { send_lateness: [null] } }],
    ["a failure without a class", { failure: { phase: "close" } }],
    [
      "sends that were late for nothing",
      { anchorMs: undefined, sentMs: undefined, values: { send_lateness: [1] } },
    ],
    ["no number", { seq: null }],
  ])("takes no record with %s", (_, change) => {
    expect(sessionRecordIn(changed(change))).toBeUndefined();
  });

  it.each(["", "null", "[]", "7", LINE.slice(0, -1), `${LINE}x`])("takes %j for no record", (line) => {
    expect(sessionRecordIn(line)).toBeUndefined();
  });
});

it("reads clips, and events with what they carry", () => {
  expect(clipFactsIn(JSON.stringify(FOUR_WORDS))).toEqual(FOUR_WORDS);
  expect(clipFactsIn(JSON.stringify({ ...FOUR_WORDS, audioMs: -1 }))).toBeUndefined();
  const event = { atMs: 1, type: "stall", message: "m", stall: { process: "worker 1", gapMs: 9, atMs: 1 } };
  expect(runEventIn(JSON.stringify(event))).toEqual(event);
  expect(runEventIn(JSON.stringify({ ...event, stall: { gapMs: "x" } }))).toBeUndefined();
});

import { describe, expect, it } from "vitest";
import { inMicroseconds, sessionRecord } from "./session-record.ts";
import { FOUR_WORDS, sketch } from "../../../test/support/timeline.ts";
import { clipFactsIn, runEventIn, sessionIn } from "./stored-lines.ts";

const OBSERVED = inMicroseconds(sketch({ seq: 7, endedMs: 1200, said: [[500, "one", 300]] }));
const CLIPS = new Map([[FOUR_WORDS.id, FOUR_WORDS]]);
const LINE = JSON.stringify(sessionRecord(OBSERVED));
const changed = (change: object): string => JSON.stringify({ ...(JSON.parse(LINE) as object), ...change });
/** The same session as version 1 wrote it, as far as it is read. */
const V1 = {
  ...{ v: undefined, sentUs: undefined, acceptedAfterUs: undefined },
  values: { send_lateness: Array(10).fill(0) as number[], back_pressure: Array(10).fill(1) as number[] },
};

describe("sessionIn", () => {
  it("reads what was written, and what version 1 wrote of the same session", () => {
    expect(sessionIn(LINE, CLIPS)).toEqual(OBSERVED);
    expect(sessionIn(changed(V1), CLIPS)).toEqual(OBSERVED);
  });

  it.each([
    ["an end in 30,000 years, which would be a billion intervals", { endedMs: 1e15 }],
    ["more chunks than any audio has", { chunks: 1e9 }],
    ["chunks of no length", { chunkMs: 0 }],
    ["a phase that there is not", { phase: "x" }],
    ["no list of responses", { responses: {} }],
    ["a response without text", { responses: [{ atMs: 1, final: true }] }],
    ["a failure without a class", { failure: { phase: "close" } }],
    ["no number", { seq: null }],
    ["a clip that nobody knows", { clip: "other" }],
    ["no outcome", { ok: false }],
    ["delays that are no times", { faults: { condition: "mobile", delayMs: [1e15] } }],
    ["a version that is not known yet", { v: 3 }],
    ["no sends", { sentUs: undefined }],
    ["a send at a fraction of a microsecond", { sentUs: [0.5] }],
    ["a send in 30,000 years", { sentUs: [1e15] }],
    ["more chunks accepted than sent", { sentUs: [1] }],
    ["chunks that were sent before any was due", { anchorMs: undefined }],
    ["values that are no numbers", { ...V1, values: { rtf: "x" } }],
    ["a value that is nothing", { ...V1, values: { send_lateness: [null] } }],
    ["sends that were late for nothing", { ...V1, anchorMs: undefined }],
    ["sends without a pace that are no times", { ...V1, sentMs: ["x"] }],
  ])("takes no record with %s", (_, change) => {
    expect(sessionIn(changed(change), CLIPS)).toBeUndefined();
  });

  it.each(["", "null", "[]", "7", LINE.slice(0, -1), `${LINE}x`])("takes %j for no record", (line) => {
    expect(sessionIn(line, CLIPS)).toBeUndefined();
  });
});

it("reads clips, and events with what they carry", () => {
  expect(clipFactsIn(JSON.stringify(FOUR_WORDS))).toEqual(FOUR_WORDS);
  expect(clipFactsIn(JSON.stringify({ ...FOUR_WORDS, audioMs: -1 }))).toBeUndefined();
  const event = { atMs: 1, type: "stall", message: "m", stall: { process: "worker 1", gapMs: 9, atMs: 1 } };
  expect(runEventIn(JSON.stringify(event))).toEqual(event);
  expect(runEventIn(JSON.stringify({ ...event, stall: { gapMs: "x" } }))).toBeUndefined();
});

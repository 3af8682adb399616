import { expect, test } from "vitest";
import { LONGEST_SETTINGS } from "./dialect.ts";
import { parseRealtimeEvent } from "./realtime-event.ts";

const audio = "QUJD/+8=".repeat(4000);

test.each([
  ["type first", { type: "input_audio_buffer.append", audio }],
  ["type last", { audio, type: "input_audio_buffer.append" }],
  ["short", { type: "input_audio_buffer.append", audio: "QUJD" }],
])("an event with audio is what JSON says: %s", (_, event) => {
  expect(parseRealtimeEvent(JSON.stringify(event))).toEqual(event);
  expect(parseRealtimeEvent(JSON.stringify(event, undefined, 2))).toEqual(event);
});

test("escaped slashes are slashes", () => {
  const text = JSON.stringify({ type: "x", audio }).replaceAll("/", "\\/");
  expect(parseRealtimeEvent(text)).toEqual({ type: "x", audio });
});

test.each([
  ["no audio", { type: "x", junk: "a".repeat(LONGEST_SETTINGS) }, "too large"],
  ["much beside the audio", { type: "x", audio: "QUJD", junk: "a".repeat(LONGEST_SETTINGS) }, "too large"],
  ["audio of something else", { type: "x", session: { audio } }, undefined],
])("long JSON that is not an audio event is refused: %s", (_, event, expected) => {
  expect(parseRealtimeEvent(JSON.stringify(event))).toBe(expected);
});

test.each(['{"audio":"', `{"audio":"${"A".repeat(20_000)}`, `["audio":"${"A".repeat(20_000)}"]`, "[]", "1"])(
  "no JSON object: %.12s",
  (text) => {
    expect(parseRealtimeEvent(text)).toBeUndefined();
  },
);

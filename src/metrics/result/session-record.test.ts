import { expect, it } from "vitest";
import { dropped, sketch } from "../../../test/support/timeline.ts";
import { sessionRecord } from "./session-record.ts";

it("holds the timeline and every value of a session", () => {
  const observation = sketch({
    seq: 7,
    latenessMs: [0, 0, 0, 0, 0, 0, 0, 0, 0, 4.00049],
    said: [
      [290, "one", 200],
      [1080.12345, "one two three four.", 1000],
    ],
  });
  const record = sessionRecord(observation);
  expect(record).toMatchObject({
    seq: 7,
    clip: "four-words",
    ok: true,
    readyMs: 10,
    anchorMs: 20,
    endedMs: 1120,
  });
  expect(record.responses[1]).toEqual({
    atMs: 1080.123,
    final: true,
    text: "one two three four.",
    audioProcessedMs: 1000,
  });
  expect(record.values).toMatchObject({
    final_from_last_chunk: 60.123,
    final_from_last_chunk_actual: 56.123,
    response_latency: [70, 60.123],
    response_latency_actual: [70, 56.123],
    send_lateness: [0, 0, 0, 0, 0, 0, 0, 0, 0, 4.0005],
  });
  expect(record).not.toHaveProperty("failure");
});

it("gives a failed session its cause and only the generator's own values", () => {
  const record = sessionRecord(
    sketch({ latenessMs: [1], said: [[290, "one"]], failure: { message: "gone" } }),
  );
  expect(record.failure).toMatchObject({
    phase: "streaming",
    class: "unavailable",
    origin: "server",
    message: "gone",
  });
  expect(record.ok).toBe(false);
  expect(Object.keys(record.values)).toEqual(["send_lateness", "start_slip", "back_pressure"]);
});

it("tells a dropped session from a failed one", () => {
  expect(sessionRecord(dropped(3))).toMatchObject({
    seq: 3,
    ok: false,
    dropped: true,
    values: {},
    responses: [],
  });
});

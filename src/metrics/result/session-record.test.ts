import { expect, it } from "vitest";
import { dropped, sketch } from "../../../test/support/timeline.ts";
import { METRICS } from "../catalogue/catalogue.ts";
import { inMicroseconds, sessionRecord } from "./session-record.ts";

it("holds the timeline of a session as it was stamped, and no metric", () => {
  const record = sessionRecord(
    inMicroseconds(
      sketch({
        seq: 7,
        startMs: 1000,
        latenessMs: [0, 0, 0, 0, 0, 0, 0, 0, 0, 4.00049],
        heldMs: 0.25,
        said: [
          [1290, "one", 200],
          [2080.12345, "one two three four.", 1000],
        ],
      }),
    ),
  );
  expect(record).toMatchObject({
    ...{ seq: 7, v: 2, clip: "four-words", ok: true },
    ...{ scheduledMs: 1000, startedMs: 1000, readyMs: 1010, anchorMs: 1020, endedMs: 2120 },
  });
  expect(record.responses[1]).toEqual({
    atMs: 2080.123,
    final: true,
    text: "one two three four.",
    audioProcessedMs: 1000,
  });
  expect(record.sentUs).toEqual([
    120_000, 220_000, 320_000, 420_000, 520_000, 620_000, 720_000, 820_000, 920_000, 1_024_000,
  ]);
  expect(record.acceptedAfterUs).toEqual(Array.from({ length: 10 }, () => 250));
  expect(record).not.toHaveProperty("failure");
  const line = JSON.stringify(record);
  expect(line).toMatch(/^\{"seq":7,"v":2,/);
  for (const { name } of METRICS) expect(line).not.toContain(name);
});

it("gives a failed session its cause", () => {
  const record = sessionRecord(
    sketch({ latenessMs: [1], said: [[290, "one"]], failure: { message: "gone" } }),
  );
  expect(record.failure).toMatchObject({
    phase: "streaming",
    class: "unavailable",
    origin: "server",
    message: "gone",
  });
  expect(record).toMatchObject({ ok: false, sentUs: [121_000] });
});

it("tells a dropped session from a failed one", () => {
  expect(sessionRecord(dropped(3))).toMatchObject({
    ...{ seq: 3, ok: false, dropped: true },
    ...{ responses: [], sentUs: [], acceptedAfterUs: [] },
  });
});

it("keeps of a session's faults what metrics ask for, delays as a list", () => {
  const plan = { condition: "mobile", delayMs: Float64Array.of(0, 12.5), hangUpMs: 7 };
  expect(sessionRecord({ ...sketch(), faults: plan }).faults).toEqual({
    condition: "mobile",
    delayMs: [0, 12.5],
  });
});

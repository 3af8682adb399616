import { describe, expect, it } from "vitest";
import { FOUR_WORDS, type Said, sketch } from "../../../test/support/timeline.ts";
import { finalParts } from "../observation/final-parts.ts";
import type { Observation } from "../observation/observation.ts";
import { sessionValue, valuesByName } from "./values-by-name.ts";

/** The four words, spoken by 800 ms, and silence up to 3 s: chunks due at 120, 220 ... 3020 ms, speech ends at 820. */
const WITH_SILENCE = { ...FOUR_WORDS, id: "with-silence", audioMs: 3000 };

/** With the blank final that a server sends for the end of a stream whose utterance it has closed before. */
function heard(said: readonly Said[], endAtMs?: number): Observation {
  const session = sketch({ clip: WITH_SILENCE, said });
  if (endAtMs === undefined) return session;
  const end = { atMs: endAtMs, final: true, text: "", audioProcessedMs: 3000 };
  return { ...session, responses: [...session.responses, end] };
}

function parts(session: Observation): Record<string, unknown> {
  const names = ["endpointing_wait", "final_compute", "final_flush", "final_from_speech_end"];
  return Object.fromEntries(names.map((name) => [name, sessionValue(name, session)]));
}

describe("a final by endpointing", () => {
  // The audio up to 1440 ms was sent at 1520, that up to 1600 ms at 1620.
  const said: readonly Said[] = [
    [1530, "one two three four", 1440],
    [1650, "one two three four.", 1600],
  ];

  it("is taken apart into wait, compute and flush, which add up", () => {
    expect(parts(heard(said, 3040))).toEqual({
      endpointing_wait: 1620 - 820,
      final_compute: 1530 - 1520,
      final_flush: 1650 - 1620 - (1530 - 1520),
      final_from_speech_end: 1650 - 820,
    });
  });

  it("has no wait where the server doesn't say what it has processed", () => {
    const session = heard([
      [1530, "one two three four"],
      [1650, "one two three four."],
    ]);
    expect(parts(session)).toMatchObject({ endpointing_wait: undefined, final_from_speech_end: 830 });
    expect(finalParts(session)).toEqual({ why: expect.stringContaining("audio_processed") as string });
  });

  it("has no compute and no flush where it is the first to say what was processed", () => {
    expect(parts(heard(said.slice(1), 3040))).toMatchObject({
      endpointing_wait: 800,
      final_compute: undefined,
      final_flush: undefined,
    });
  });

  it("has no parts where the count of processed audio went back", () => {
    const session = heard([
      [1530, "one two three four", 1700],
      [1650, "one two three four.", 800],
    ]);
    expect(finalParts(session)).toEqual({ why: expect.stringContaining("goes back") as string });
    expect(parts(session)["endpointing_wait"]).toBeUndefined();
  });

  it("counts from the actual sends in its actual form", () => {
    const late = sketch({
      ...{ clip: WITH_SILENCE, said },
      latenessMs: Array.from({ length: 30 }, (_, k) => (k === 15 ? 7 : 0)),
    });
    expect(valuesByName(late)).toMatchObject({
      ...{ endpointing_wait: 800, endpointing_wait_actual: 807 },
      ...{ final_flush: 20, final_flush_actual: 13 },
    });
  });

  it("may come after the half-close of an overloaded server, before the final of the end", () => {
    const late = heard(
      [
        [1530, "one two three four", 1440],
        [3900, "one two three four.", 1600],
      ],
      3950,
    );
    expect(parts(late)).toMatchObject({ endpointing_wait: 800, final_compute: 10, final_flush: 2270 });
  });

  it("is early, below zero, when the server closes in the middle of the annotated speech", () => {
    const early = heard([[650, "one two three four.", 600]], 3040);
    expect(parts(early)["endpointing_wait"]).toBe(620 - 820);
  });
});

describe("a final at the end of the stream", () => {
  it("has no endpointing wait, but compute and flush", () => {
    const session = heard([
      [2930, "one two three four", 2880],
      [3100, "one two three four.", 3000],
    ]);
    expect(parts(session)).toEqual({
      endpointing_wait: undefined,
      final_compute: 2930 - 2920,
      final_flush: 3100 - 3020 - (2930 - 2920),
      final_from_speech_end: 3100 - 820,
    });
  });

  it("can't be told from a late one by endpointing when a part of the audio was processed", () => {
    const session = heard([[3100, "one two three four.", 1600]]);
    expect(finalParts(session)).toEqual({ why: expect.stringContaining("nobody can tell") as string });
    expect(parts(session)).toMatchObject({ endpointing_wait: undefined, final_flush: undefined });
  });
});

it("sessions without speech, without a final or cut short have no parts", () => {
  expect(
    finalParts(sketch({ clip: { ...WITH_SILENCE, text: "" }, said: [[3100, "ah.", 3000]] })),
  ).toBeUndefined();
  expect(finalParts(heard([[1530, "one", 1440]]))).toBeUndefined();
  expect(
    finalParts(sketch({ clip: WITH_SILENCE, said: [[1650, "one.", 1600]], cutShort: true })),
  ).toBeUndefined();
});

import { describe, expect, test } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import { dropped } from "../../../test/support/timeline.ts";
import { spokenSession } from "../../../test/support/session-line.ts";
import type { Observation } from "../observation/observation.ts";
import type { SessionDigest } from "./session-digest.ts";
import { createDigest, heatRow, heatRowStartMs } from "./session-digest.ts";

const RESULT = { ...PASSED, window: { warmupMs: 10_000, steadyMs: 100_000, drainMs: 10_000 } };

function digestOf(sessions: readonly Observation[]): SessionDigest {
  const digest = createDigest(RESULT);
  for (const session of sessions) digest.add(session);
  return digest.end();
}

function seqs(digest: SessionDigest, why: string): number[] {
  return digest.shown.filter((shown) => shown.why === why).map(({ session }) => session.seq);
}

test("the slowest of each metric are shown, slowest first, each session once", () => {
  const digest = digestOf([
    ...[5, 900, 30, 800, 700].map((firstPartialMs, seq) =>
      spokenSession({ seq, firstPartialMs, finalMs: 100 }),
    ),
    ...[901, 950, 20].map((finalMs, at) => spokenSession({ seq: 10 + at, firstPartialMs: 10, finalMs })),
  ]);
  expect(seqs(digest, "slowest")).toEqual([1, 3, 4, 11, 10, 0]);
  expect(digest.shown[0]?.metric).toBe("first_partial_from_onset");
});

test("a typical one is nearest to the median of the final", () => {
  const p50 = PASSED.metrics["final_from_speech_end"]?.p50 ?? NaN;
  const digest = digestOf(
    [3000, p50 - 40, p50 + 15, 9, 2500, 2000, 1900].map((finalMs, seq) => spokenSession({ seq, finalMs })),
  );
  expect(seqs(digest, "typical")).toEqual([2]);
});

test("warm-up and drain are on the map but not among the slowest", () => {
  const digest = digestOf([
    spokenSession({ seq: 1, phase: "warmup", firstPartialMs: 9000 }),
    spokenSession({ seq: 2 }),
  ]);
  expect(seqs(digest, "slowest")).toEqual([2]);
  expect(digest.heat[0]?.cells).toHaveLength(2);
});

test("one failure of each kind comes before a second of any, at most two of a kind and eight in all", () => {
  const kinds = ["deadline", "deadline", "deadline", "reset", "internal"] as const;
  expect(seqs(digestOf(kinds.map((failed, seq) => spokenSession({ seq, failed }))), "failed")).toEqual([
    0, 3, 4, 1,
  ]);
  const all = ["deadline", "reset", "internal", "cancelled", "other", "no-final", "unavailable"] as const;
  const many = [...all, ...all].map((failed, seq) => spokenSession({ seq, failed }));
  expect(seqs(digestOf(many), "failed")).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test("the map counts sessions by when they ended and how long they took", () => {
  const session = (seq: number, scheduledMs: number, firstPartialMs: number): Observation =>
    spokenSession({ seq, scheduledMs, firstPartialMs, audioMs: 1000, finalMs: 100 });
  const digest = digestOf([session(1, 0, 100), session(2, 5, 101), session(3, 50_000, 100)]);
  expect(digest.heat[0]).toEqual({
    metric: "first_partial_from_onset",
    columnMs: 1000,
    cells: [
      [1, 25, 2],
      [51, 25, 1],
    ],
  });
});

test("a dropped session counts, and is neither shown nor on the map", () => {
  const digest = digestOf([dropped(1)]);
  expect(digest).toMatchObject({ sessions: 1, shown: [] });
  expect(digest.heat.map(({ cells }) => cells)).toEqual([[], []]);
});

describe("rows of the map", () => {
  test.each([
    [-50, 0],
    [1, 0],
    [1.1, 1],
    [10, 13],
    [100, 25],
    [1000, 37],
  ])("%d ms is in row %d", (ms, row) => expect(heatRow(ms)).toBe(row));

  test("a row begins where it begins", () => {
    for (let row = 1; row < 60; row++) expect(heatRow(heatRowStartMs(row) * 1.0001)).toBe(row);
  });
});

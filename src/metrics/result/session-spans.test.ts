import { expect, test } from "vitest";
import { faultedSession, spokenSession } from "../../../test/support/session-line.ts";
import { traceContext } from "../../base/trace-context.ts";
import type { Observation } from "../observation/observation.ts";
import { sessionSpans } from "./session-spans.ts";

const RUN = { id: "run", startedAtEpochMs: 1_000_000 };

test("a session and its parts, at the time they were, under the ids that the server was told", () => {
  const spans = sessionSpans(spokenSession({ seq: 7, scheduledMs: 500, finalMs: 250 }), RUN);
  expect(spans.map(({ name, startMs, endMs }) => [name, startMs, endMs])).toEqual([
    ["session", 1_000_500, 1_002_761],
    ["connect", 1_000_501, 1_000_505],
    ["wait", 1_000_505, 1_000_510],
    ["stream", 1_000_510, 1_002_510],
    ["flush", 1_002_510, 1_002_761],
  ]);
  const { traceId, spanId } = traceContext("run/steady/7", 0);
  expect(spans.every((span) => span.traceId === traceId)).toBe(true);
  expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([
    undefined,
    ...Array.from({ length: 4 }, () => spanId),
  ]);
  expect(new Set(spans.map((span) => span.spanId)).size).toBe(5);
  expect(spans[0]?.spanId).toBe(spanId);
  expect(spans[0]?.attributes).toMatchObject({ "bench.session": 7, "bench.final_from_speech_end": 250 });
  expect(spans.some(({ error }) => error !== undefined)).toBe(false);
});

test("partials and late chunks are events of the stream, the final one of the flush", () => {
  const [, , , stream, flush] = sessionSpans(
    spokenSession({ seq: 1, firstPartialMs: 300, finalMs: 250 }),
    RUN,
  );
  const late = stream?.events.filter(({ name }) => name === "late chunk");
  expect(late).toEqual([
    { name: "late chunk", atMs: 1_000_635, attributes: { chunk: 5, late_ms: 25 } },
    expect.objectContaining({ attributes: { chunk: 18, late_ms: 25 } }),
  ]);
  expect(stream?.events.filter(({ name }) => name === "partial").map(({ atMs }) => atMs)).toEqual([
    1_000_710, 1_000_910, 1_001_110, 1_001_310, 1_001_510, 1_001_710, 1_001_910,
  ]);
  expect(flush?.events.map(({ name, atMs }) => [name, atMs])).toEqual([
    ["partial", 1_002_110],
    ["final", 1_002_260],
  ]);
});

test("a failure is on the session and on the part in which it came", () => {
  const session = spokenSession({ seq: 1, failed: "deadline" });
  const failed = (spans: ReturnType<typeof sessionSpans>): string[] =>
    spans.filter(({ error }) => error === "deadline in flush: it broke").map(({ name }) => name);
  expect(failed(sessionSpans(session, RUN))).toEqual(["session", "flush"]);
  delete session.finishedMs;
  expect(failed(sessionSpans(session, RUN))).toEqual(["session", "stream"]);
  delete session.anchorMs;
  session.sentMs = [];
  delete session.readyMs;
  const refused = sessionSpans(session, RUN);
  expect(refused.map(({ name }) => name)).toEqual(["session", "connect"]);
  expect(failed(refused)).toEqual(["session", "connect"]);
});

test("one that never started is a moment", () => {
  const stamps = ["startedMs", "readyMs", "anchorMs", "finishedMs", "endedMs"];
  const fields = Object.entries({ ...spokenSession({ seq: 1, failed: "other" }), responses: [], sentMs: [] });
  const kept = fields.filter(([name]) => !stamps.includes(name));
  const session = Object.fromEntries(kept) as unknown as Observation;
  expect(sessionSpans(session, RUN).map(({ startMs, endMs }) => endMs - startMs)).toEqual([0]);
});

test("a late chunk counts from when it was to be sent: mutes and delays put in on purpose are no lateness", () => {
  const session = faultedSession({ seq: 1 });
  const late = faultedSession({ seq: 1, latenessMs: (chunk) => (chunk === 11 ? 30 : 0) });
  const eventsOf = (found: Observation): unknown[] =>
    sessionSpans(found, RUN)
      .flatMap(({ events }) => events)
      .filter(({ name }) => name === "late chunk");
  expect(eventsOf(session)).toEqual([]);
  // Chunk 11 is due at 10 + 1200 + 700 ms.
  expect(eventsOf(late)).toEqual([
    { name: "late chunk", atMs: 1_001_940, attributes: { chunk: 11, late_ms: 30 } },
  ]);
});

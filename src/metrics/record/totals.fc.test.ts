import fc from "fast-check";
import { expect, it } from "vitest";
import { dropped, sketch } from "../../../test/support/timeline.ts";
import type { Observation } from "../observation/observation.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { parseSlo } from "../judge/slo.ts";
import type { Snapshot } from "./snapshot.ts";
import { createTotals } from "./totals.ts";

const config = {
  window: { startMs: 1000, endMs: 9000 },
  slos: [parseSlo("final_from_close p95 < 80ms"), parseSlo("response_latency p90 < 70ms")],
};

const session: fc.Arbitrary<Observation> = fc
  .record({
    startMs: fc.integer({ min: 0, max: 9000 }),
    phase: fc.constantFrom("warmup" as const, "steady" as const, "drain" as const),
    stage: fc.constantFrom("a", "b"),
    finalMs: fc.integer({ min: -300, max: 300 }),
    fate: fc.constantFrom("ok" as const, "failed" as const, "dropped" as const),
  })
  .map(({ startMs, phase, stage, finalMs, fate }) => {
    if (fate === "dropped") return { ...dropped(1), phase, stage };
    const finalAtMs = startMs + 1020 + finalMs;
    return sketch({
      ...{ startMs, phase, stage, endedMs: finalAtMs + 5 },
      said: [
        [startMs + 300, "one", 200],
        [finalAtMs, "one two three four.", 1000],
      ],
      ...(fate === "failed" ? { failure: {} } : {}),
    });
  });

function snapshotOf(recorder: Recorder): Snapshot {
  return JSON.parse(JSON.stringify(recorder.snapshot(0, 1000))) as Snapshot;
}

function readings(snapshots: readonly Snapshot[]): unknown {
  const totals = createTotals(config);
  for (const snapshot of snapshots) totals.add(snapshot);
  const byCount = (a: { values: number; over: number }, b: { values: number; over: number }): number =>
    a.values - b.values || a.over - b.over;
  return {
    steady: totals.summaries(),
    stages: { a: totals.summaries("a"), b: totals.summaries("b") },
    counts: [totals.counts("warmup"), totals.counts("steady"), totals.counts("drain")],
    tallies: [totals.tally(0).sort(byCount), totals.tally(1).sort(byCount)],
    timeline: totals.timeline(),
  };
}

it("recording in parts and merging them is recording the whole once", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(session, fc.integer({ min: 0, max: 2 })), { maxLength: 15 }),
      (sessions) => {
        const whole = createRecorder(config);
        const parts = [createRecorder(config), createRecorder(config), createRecorder(config)];
        for (const [observation, part] of sessions) {
          whole.record(observation);
          parts[part]?.record(observation);
        }
        expect(readings(parts.map(snapshotOf))).toEqual(readings([snapshotOf(whole)]));
      },
    ),
    { numRuns: 20 },
  );
});

it("no session is lost or counted twice between intervals", () => {
  fc.assert(
    fc.property(fc.array(session, { maxLength: 15 }), fc.integer({ min: 1, max: 5 }), (sessions, every) => {
      const recorder = createRecorder(config);
      const snapshots: Snapshot[] = [];
      sessions.forEach((observation, i) => {
        recorder.record(observation);
        if (i % every === 0) snapshots.push(snapshotOf(recorder));
      });
      snapshots.push(snapshotOf(recorder));
      const once = createRecorder(config);
      for (const observation of sessions) once.record(observation);
      expect(readings(snapshots)).toEqual(readings([snapshotOf(once)]));
    }),
    { numRuns: 15 },
  );
});

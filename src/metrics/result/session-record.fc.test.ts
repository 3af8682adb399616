import fc from "fast-check";
import { expect, it } from "vitest";
import { dropped, NO_REFERENCE, type Said, sketch } from "../../../test/support/timeline.ts";
import type { Observation } from "../observation/observation.ts";
import { createRecorder } from "../record/recorder.ts";
import { inMicroseconds, sessionRecord } from "./session-record.ts";
import { sessionIn } from "./stored-lines.ts";
import { parseSlo } from "../judge/slo.ts";
import type { Snapshot } from "../record/snapshot.ts";

const instant = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

/** Sessions of all fates, with stamps and chunk lengths that fall between microseconds, as real ones do. */
const session: fc.Arbitrary<Observation> = fc
  .record({
    startMs: instant(0, 1e6),
    // Whole samples at 16 kHz and at 44.1 kHz: ends at a half microsecond are the hard case.
    audioMs: fc.oneof(
      fc.integer({ min: 1, max: 32_000 }).map((samples) => samples / 16),
      fc.integer({ min: 1, max: 90_000 }).map((samples) => samples / 44.1),
    ),
    chunkMs: fc.constantFrom(100, 160, (4409 * 1000) / 44_100, (882 * 1000) / 44_100),
    pace: fc.constantFrom(1, 1.6, 3, Infinity),
    latenessMs: fc.array(instant(0, 30), { maxLength: 60 }),
    heldMs: instant(0, 5),
    said: fc.array(fc.tuple(instant(0, 3000), fc.constantFrom("", "one", "one two four."), instant(1, 2000))),
    interim: fc.boolean(),
    cutShort: fc.boolean(),
    fate: fc.constantFrom("ok" as const, "failed" as const, "dropped" as const),
    faults: fc.option(
      fc.record(
        {
          condition: fc.constant("mobile"),
          delayUs: fc.array(fc.nat(2_000_000), { minLength: 60, maxLength: 60 }),
          mute: fc.record({ chunk: fc.nat(20), ms: fc.integer({ min: 1, max: 70_000 }) }),
          lost: fc.constant([1, 2, 7]),
        },
        { requiredKeys: ["condition"] },
      ),
    ),
  })
  .map(({ fate, said, latenessMs, faults, ...rest }) => {
    if (fate === "dropped") return dropped(1);
    const clip = { ...NO_REFERENCE, audioMs: rest.audioMs };
    const chunks = Math.ceil(rest.audioMs / rest.chunkMs);
    const sent = latenessMs.slice(0, chunks);
    const plain = sketch({
      ...rest,
      clip,
      latenessMs: sent,
      said: said.map(([afterMs, text, processed]): Said => [rest.startMs + afterMs, text, processed]),
      ...(fate === "failed" ? { failure: { message: "gone" } } : {}),
    });
    if (faults === null || rest.pace === Infinity) return plain;
    const { delayUs, ...known } = faults;
    const delayMs = delayUs?.slice(0, sent.length).map((us) => us / 1000);
    return {
      ...plain,
      faults: { ...known, ...(delayMs === undefined || delayMs.length === 0 ? {} : { delayMs }) },
    };
  });

function overDisk(observation: Observation): Observation {
  const line = JSON.stringify(sessionRecord(observation));
  return sessionIn(line, new Map([[observation.clip.id, observation.clip]]))!;
}

function recorded(observation: Observation): Snapshot {
  const recorder = createRecorder({
    window: { startMs: 1000, endMs: 500_000 },
    slos: [parseSlo("response_latency p90 < 70ms"), parseSlo("final_from_close p95 < 80ms")],
  });
  recorder.record(observation);
  return recorder.snapshot(0, 1000);
}

it("a session read back from its record is the session, and counts alike in every metric", () => {
  fc.assert(
    fc.property(session, (raw) => {
      const observation = inMicroseconds(raw);
      const back = overDisk(observation);
      expect(back).toEqual(observation);
      expect(recorded(back)).toEqual(recorded(observation));
    }),
    { numRuns: 150 },
  );
});

it("whole microseconds move no stamp by more than half of one", () => {
  fc.assert(
    fc.property(session, (raw) => {
      const observation = inMicroseconds(structuredClone(raw));
      const near = (a: number | undefined, b: number | undefined): void => {
        expect(a === undefined).toBe(b === undefined);
        if (a !== undefined && b !== undefined) expect(Math.abs(a - b)).toBeLessThan(0.000501);
      };
      near(observation.anchorMs, raw.anchorMs);
      near(observation.endedMs, raw.endedMs);
      for (let k = 0; k < raw.sentMs.length; k++) near(observation.sentMs[k], raw.sentMs[k]);
    }),
  );
});

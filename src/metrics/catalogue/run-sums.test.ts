import { describe, expect, it } from "vitest";
import { dropped, sketch } from "../../../test/support/timeline.ts";
import { METRICS, metricNamed } from "./catalogue.ts";
import { sessionFailure } from "../observation/classify.ts";
import { emptyCounts } from "../observation/counts.ts";
import { speaksOf } from "./metric.ts";
import type { Observation } from "../observation/observation.ts";
import { emptySums, sumSession } from "./run-sums.ts";
import { sessionRecord } from "../result/session-record.ts";

const window = { startMs: 0, endMs: 4000 };

/** The value of a metric of the whole run. */
function valueOf(name: string, sessions: readonly Observation[]): number | undefined {
  const metric = metricNamed(name);
  if (metric?.per !== "run") throw new Error(`${name} is not a metric of the run`);
  const sums = emptySums();
  for (const session of sessions) sumSession(sums, session, window);
  return metric.from({ windowMs: 4000, steady: emptyCounts(), good: 0, sums, accuracy: [] });
}

describe("sessions without a pace", () => {
  // One second of audio, sent within the 20 ms after the anchor.
  const session = sketch({ pace: Infinity, said: [[400, "one two three four."]], endedMs: 420 });

  it("count for rtfx_offline, sessions at a pace for rtfx", () => {
    const paced = sketch({ said: [[1100, "one two three four."]] });
    expect(valueOf("rtfx_offline", [session, session])).toBe(2000 / 4000);
    expect(valueOf("rtfx", [session])).toBeUndefined();
    expect(valueOf("keep_up", [session])).toBeUndefined();
    expect(valueOf("rtfx_offline", [paced])).toBeUndefined();
    expect(valueOf("rtfx", [paced])).toBe(1000 / 4000);
  });

  it("have no latency from audio that was never due, nor lateness, but all else", () => {
    const spoken = METRICS.filter((metric) => metric.per !== "run" && speaksOf(metric, session));
    expect(spoken.map(({ name }) => name).sort()).toEqual(
      [
        "final_from_close",
        "session_setup",
        "start_slip",
        "upwr",
        "erasure",
        "final_surprise",
        "back_pressure",
        "rtf",
      ].sort(),
    );
    const late = sketch({
      pace: Infinity,
      latenessMs: Array.from({ length: 10 }, (_, k) => k * 50),
      said: [[600, "one two three four."]],
    });
    expect(sessionFailure(late)).toBeUndefined();
    expect(JSON.parse(JSON.stringify(sessionRecord(session)))).toMatchObject({ pace: 0 });
  });
});

it("late_starts counts steady sessions that began more than 50 ms after their plan", () => {
  const begun = (slipMs: number, phase: Observation["phase"] = "steady"): Observation => ({
    ...sketch({ phase }),
    startedMs: slipMs,
  });
  expect(
    valueOf("late_starts", [begun(0), begun(50), begun(51), begun(900), begun(900, "drain"), dropped(7)]),
  ).toBe(2);
});

import { describe, expect, it } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import type { Check, RunResult } from "../result/result.ts";
import type { Probe } from "./capacity.ts";
import { probeOf } from "./capacity-probe.ts";

const LATENCY: Check = { name: "final_from_speech_end p95 < 1200ms abort", verdict: "pass", observed: 600 };
const wer = (verdict: Check["verdict"], observed?: number): Check => ({
  ...{ name: "wer < 8%", verdict },
  ...(observed === undefined ? {} : { observed }),
});

/** The probe of a run whose sessions all met what is asked of a session. */
function probe(
  slos: Check[],
  run: { completed?: number; good?: number; slope?: number; verdict?: RunResult["verdict"] } = {},
): Probe {
  const { completed = 200, good = 1, slope = 0, verdict = "pass" } = run;
  const result: RunResult = {
    ...{ ...PASSED, verdict, slos },
    sessions: { ...PASSED.sessions, scheduled: 200, completed },
    metrics: { ...PASSED.metrics, goodput: { unit: "ratio", count: 200, value: good } },
  };
  const pace = { backlogSlopes: [1, 2, 3, 4, 5].map((n) => slope + n * 1e-6) };
  return probeOf(result, "run", { streams: 16, kind: "short", allowed: 0.05, pace });
}

describe("a probe with an SLO on accuracy", () => {
  it("passes and fails by its verdict, and names it", () => {
    expect(probe([LATENCY, wer("pass", 0.01)])).toMatchObject({ verdict: "pass" });
    const failed = probe([LATENCY, wer("fail", 0.2)]);
    expect(failed).toMatchObject({ verdict: "fail", broke: "wer < 8%" });
    expect(failed.open).toBeUndefined();
  });

  it.each([
    [0.07, false],
    [0.09, true],
  ])(
    "is undecided where its interval holds the limit, with the side that its rate of %f is on",
    (rate, breaks) => {
      expect(probe([LATENCY, wer("inconclusive", rate)])).toMatchObject({
        ...{ verdict: "undecided", open: { slo: "wer < 8%", breaks } },
      });
    },
  );

  it("fails by a rising backlog, and still says that the SLO is open", () => {
    expect(probe([wer("inconclusive", 0.09)], { slope: 0.05 })).toMatchObject({
      ...{ verdict: "fail", open: { breaks: true } },
      broke: expect.stringContaining("backlog grows by 50.0 ms a second") as string,
    });
  });

  it("is undecided by a few sessions without a word, and refused when many are not scored", () => {
    expect(probe([wer("inconclusive")], { completed: 2 })).toMatchObject({
      ...{ verdict: "undecided", open: { slo: "wer < 8%", breaks: false } },
    });
    expect(() => probe([wer("inconclusive")])).toThrow(
      /SLO "wer < 8%" is not measured: no clip that was played/,
    );
  });

  it("names the SLO that was broken by most, also where more is better", () => {
    const late: Check = { name: "final_from_speech_end p95 < 1200ms", verdict: "fail", observed: 1212 };
    const parity: Check = { name: "transcript_parity > 99%", verdict: "fail", observed: 0.4 };
    expect(probe([late, parity])).toMatchObject({ broke: parity.name });
  });

  it("does not blame an open SLO whose rate keeps its limit", () => {
    const late: Check = {
      name: "final_from_speech_end p95 < 1200ms",
      verdict: "inconclusive",
      observed: 300,
    };
    const few = { completed: 100, good: 0.5 };
    expect(probe([wer("inconclusive", 0.07), late], few)).toMatchObject({
      verdict: "fail",
      broke: late.name,
    });
  });

  it("is void where its run is, whatever was measured", () => {
    expect(probe([wer("fail", 0.2)], { verdict: "void" })).toMatchObject({ verdict: "void" });
  });
});

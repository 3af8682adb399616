import { describe, expect, it } from "vitest";
import { loadDataset } from "../../base/dataset/dataset.ts";
import type { Summary } from "../../metrics/result/result.ts";
import { parseSlo } from "../../metrics/judge/slo.ts";
import { certifiable, expectedSessions, forecast } from "./forecast.ts";
import { planInput } from "./plan-input.ts";
import { parseScenario, type RunnableScenario } from "../../scenario/scenario.ts";
import { extendedEnd, sessionsBehind } from "./until-certified.ts";

function scenario(load: string, rest = "duration: { warmup: 10s, steady: 60s }"): RunnableScenario {
  const text = `name: test\nload: { ${load.includes("model") ? load : `model: concurrency, ${load}`} }\n${rest}\n`;
  return { ...parseScenario(text, "test.yaml"), drainMs: 20_000 };
}

const slos = (...texts: string[]) => texts.map((text) => parseSlo(text));
/** Clips of six seconds on average. */
const CLIPS_MS = [5000, 7000];

async function expected(load: string, rest?: string): Promise<number | undefined> {
  const dataset = await loadDataset("default");
  const [first] = dataset.clips;
  if (first === undefined) throw new Error("no clips");
  const clips = CLIPS_MS.map((audioMs, index) => ({ ...first, id: `clip-${index}`, audioMs }));
  return expectedSessions(planInput(scenario(load, rest), { ...dataset, clips }), CLIPS_MS);
}

describe("expectedSessions", () => {
  it.each([
    ["model: concurrency, streams: 50", undefined, 428],
    ["model: concurrency, streams: 50, think: 3s", undefined, 300],
    ["model: concurrency, streams: 64, iterations: 3", undefined, 192],
    [
      "model: concurrency, streams: 50",
      "duration: { steady: 60s }\naudio: { pace: 2, padding: { before: 2s, after: 0s } }",
      600,
    ],
    [
      "model: concurrency, streams: 50",
      "duration: { steady: 60s }\naudio: { mix: { clip-0: 1, clip-1: 3 } }",
      400,
    ],
    [
      "model: steps, steps: [{ streams: 10, for: 30s }, { streams: 30, for: 30s }], rampIn: 0s",
      undefined,
      171,
    ],
    ["model: poisson, rate: 2", undefined, 120],
    ["model: ramp, rate: { from: 0, to: 10 }, over: 60s", undefined, 300],
    ["model: offline, streams: 4", undefined, undefined],
  ])("%s", async (load, rest, sessions) => {
    expect(await expected(load, rest)).toBe(sessions);
  });
});

describe("forecast", () => {
  it("says what the strictest gate needs and what the run will give", () => {
    const gates = slos("first_partial_from_onset p95 < 1s", "final_from_close p90 < 1s", "error_ratio < 1%");
    expect(forecast(scenario("streams: 50"), gates, 428)).toEqual({
      summary: "gates need 130 sessions (p95); this run gives about 428",
      warnings: [],
    });
  });

  it("names each gate that can't be certified, what will come of it, and the window that would do", () => {
    const gates = slos(
      "final_from_close p99 < 1s",
      "final_from_close p99.9 < 2s",
      "final_from_close p50 < 1s",
    );
    expect(forecast(scenario("streams: 50"), gates, 500)).toEqual({
      summary: "gates need 6636 sessions (p99.9); this run gives about 500",
      warnings: [
        '"final_from_close p99 < 1s" can\'t be certified by 500 sessions: it passes only if no session breaks it; ' +
          "--duration 88s would do",
        '"final_from_close p99.9 < 2s" can\'t be certified by 500 sessions: it will be inconclusive or fail; ' +
          "--duration 876s would do",
      ],
    });
  });

  it("leaves open what depends on the server's speed, and asks no trace to be longer", () => {
    const gates = slos("final_from_close p99 < 1s");
    expect(forecast(scenario("model: offline, streams: 4"), gates, undefined)).toEqual({
      summary: "gates need 662 sessions (p99); this run gives as many as the server's speed allows",
      warnings: [],
    });
    const { warnings } = forecast(scenario("streams: 50, iterations: 2"), gates, 100);
    expect(warnings.join()).not.toContain("--duration");
  });

  it("counts the other tail for gates that ask for more", () => {
    const { summary } = forecast(scenario("streams: 50"), slos("final_from_close p99 > 1ms"), 9);
    expect(summary).toContain("need 3 sessions");
  });

  it("says nothing without such a gate, and warns of nothing when the run goes on until it is enough", () => {
    expect(forecast(scenario("streams: 1"), slos("error_ratio < 1%"), 8)).toEqual({ warnings: [] });
    expect(forecast(scenario("streams: 1"), slos("final_from_close p99 < 1s"), 8, "p99")).toEqual({
      summary: "gates need 662 sessions (p99); this run gives about 8 and goes on until p99 is certified",
      warnings: [],
    });
  });

  it("knows the percentiles that can be certified", () => {
    expect(["p99", "p99.9", "p42"].map(certifiable)).toEqual(["p99", "p999", undefined]);
  });
});

describe("sessionsBehind", () => {
  const metrics: Record<string, Summary> = {
    final_from_close: { unit: "ms", count: 90 },
    response_latency: { unit: "ms", count: 9000, sessions: 80 },
  };

  it("counts the sessions of the gated percentile that has the fewest", () => {
    expect(sessionsBehind(slos("final_from_close p99 < 1s", "error_ratio < 1%"), metrics, 99)).toBe(90);
    expect(sessionsBehind(slos("final_from_close p99 < 1s", "response_latency p50 < 1s"), metrics, 99)).toBe(
      80,
    );
    expect(sessionsBehind(slos("rtf p99 < 2"), metrics, 99)).toBe(0);
    expect(sessionsBehind(slos("error_ratio < 1%"), metrics, 99)).toBe(99);
  });
});

describe("extendedEnd", () => {
  const input = {
    nowMs: 68_000,
    warmupMs: 10_000,
    windowEndMs: 70_000,
    leadMs: 3000,
    budgetMs: 1_800_000,
    needed: 662,
    have: () => 400,
  };

  it("lets the window grow by what is missing at the rate so far, a quarter at a time", () => {
    expect(extendedEnd({ ...input, have: () => 580 })).toBe(68_000 + (82 * 58_000) / 580);
    expect(extendedEnd({ ...input, have: () => 660 })).toBe(75_000);
    expect(extendedEnd({ ...input, have: () => 0 })).toBe(75_000);
    expect(extendedEnd(input)).toBe(70_000 + 60_000 / 4);
  });

  it("does nothing before it must, nor when there are enough, nor beyond the budget", () => {
    expect(extendedEnd({ ...input, nowMs: 60_000 })).toBeUndefined();
    expect(extendedEnd({ ...input, have: () => 662 })).toBeUndefined();
    expect(extendedEnd({ ...input, budgetMs: 65_000 })).toBe(75_000);
    expect(extendedEnd({ ...input, budgetMs: 60_000 })).toBeUndefined();
  });
});

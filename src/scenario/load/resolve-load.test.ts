import { describe, expect, it, test } from "vitest";
import { thrownBy } from "../../../test/support/thrown.ts";
import type { Load } from "./load.ts";
import { checkStages, formatScenario, parseScenario } from "../scenario.ts";
import type { ScenarioOverrides } from "../scenario.ts";

function scenarioText(load: string, duration = "{ warmup: 10s, steady: 60s }"): string {
  return `name: mine\nload: ${load}\nduration: ${duration}\n`;
}

function loadOf(load: string, duration?: string, overrides?: ScenarioOverrides): Load {
  return parseScenario(scenarioText(load, duration), "/data/s.yaml", overrides).load;
}

const closed = { rampInMs: 5000, thinkMs: 0 };
const open = { maxOpen: "auto" };

describe("loads as written and as they are meant", () => {
  test.each<[string, object]>([
    ["{ model: constant, rate: 2.5 }", { model: "constant", rate: 2.5, ...open }],
    ["{ model: poisson, rate: 5, maxOpen: 80 }", { model: "poisson", rate: 5, maxOpen: 80 }],
    [
      "{ model: concurrency, streams: 5, rampIn: 2s, think: { mean: 3s, distribution: exponential }, sessionsPerCaller: 4 }",
      {
        ...{ model: "concurrency", streams: 5, rampInMs: 2000, thinkMs: 3000 },
        ...{ thinkDistribution: "exponential", sessionsPerCaller: 4 },
      },
    ],
    ["{ model: soak, streams: 20 }", { model: "soak", streams: 20, ...closed }],
    ["{ model: soak, rate: 20 }", { model: "soak", rate: 20, arrivals: "even", ...open }],
    [
      "{ model: ramp, streams: { from: 10, to: 100 } }",
      { model: "ramp", overMs: 60_000, streams: { from: 10, to: 100 }, ...closed },
    ],
    [
      "{ model: ramp, rate: { from: 0, to: 9 }, over: 30s, arrivals: poisson }",
      { model: "ramp", overMs: 30_000, rate: { from: 0, to: 9 }, arrivals: "poisson", ...open },
    ],
    [
      "{ model: spike, rate: { base: 0, peak: 9 } }",
      { model: "spike", atMs: 20_000, forMs: 12_000, rate: { base: 0, peak: 9 }, arrivals: "even", ...open },
    ],
    [
      "{ model: steps, steps: [{ streams: 50 }, { streams: 100 }, { streams: 50 }] }",
      {
        model: "steps",
        settleMs: 5000,
        steps: [
          { name: "streams-50", forMs: 20_000, streams: 50 },
          { name: "streams-100", forMs: 20_000, streams: 100 },
          { name: "streams-50-2", forMs: 20_000, streams: 50 },
        ],
        ...closed,
      },
    ],
    [
      "{ model: steps, steps: [{ rate: 2.5, for: 20s }, { name: rush, rate: 5, for: 10s }], settle: 1s }",
      {
        model: "steps",
        settleMs: 1000,
        steps: [
          { name: "rate-2_5", forMs: 20_000, rate: 2.5 },
          { name: "rush", forMs: 10_000, rate: 5 },
        ],
        arrivals: "even",
        ...open,
      },
    ],
    [
      "{ model: stages, stages: [{ name: a, model: poisson, rate: 5 }, { name: b, model: ramp, rate: { from: 5, to: 9 }, phase: aligned }] }",
      {
        model: "stages",
        settleMs: 0,
        stages: [
          { name: "a", forMs: 30_000, model: "poisson", rate: 5 },
          { name: "b", forMs: 30_000, phase: "aligned", model: "ramp", rate: { from: 5, to: 9 } },
        ],
        ...open,
      },
    ],
    [
      "{ model: stages, stages: [{ name: a, model: concurrency, streams: 5, phase: random }] }",
      {
        model: "stages",
        settleMs: 0,
        stages: [{ name: "a", forMs: 60_000, phase: "random", model: "concurrency", streams: 5 }],
        ...closed,
      },
    ],
    ["{ model: trace, file: calls.csv }", { model: "trace", file: "/data/calls.csv", ...open }],
    [
      "{ model: offline, streams: 4, iterations: 3 }",
      { model: "offline", streams: 4, iterations: 3, ...closed },
    ],
  ])("%s", (text, expected) => {
    expect(loadOf(text)).toEqual(expected);
    // What is written down of a run is the same load again.
    const scenario = parseScenario(scenarioText(text), "/data/s.yaml");
    expect(parseScenario(formatScenario(scenario), "/elsewhere/s.yaml")).toEqual(scenario);
  });

  it("steps and stages with lengths bring the window's, a soak lasts eight hours", () => {
    const steady = (load: string): number =>
      parseScenario(scenarioText(load, "{ warmup: 10s }"), "s.yaml").steadyMs;
    expect(steady("{ model: steps, steps: [{ rate: 2, for: 20s }, { rate: 5, for: 15s }] }")).toBe(35_000);
    expect(steady("{ model: stages, stages: [{ name: a, for: 7s, model: constant, rate: 1 }] }")).toBe(7000);
    expect(steady("{ model: soak, rate: 2 }")).toBe(8 * 3_600_000);
  });
});

describe("errors say what belongs together", () => {
  test.each([
    ["{ model: poisson }", /^s\.yaml:2:\d+: load\.rate: must be a number from 0\.001 to 10000/],
    ["{ model: poisson, rate: 0 }", /load\.rate: must be a number from 0\.001/],
    ["{ model: poisson, rate: 5, think: 2s }", /load\.think: unknown key/],
    ["{ model: concurrency, streams: 5, maxOpen: 7 }", /load\.maxOpen: unknown key/],
    ["{ model: soak }", /load: give either streams \(callers\) or rate/],
    ["{ model: soak, streams: 5, rate: 5 }", /load: give either streams/],
    ["{ model: soak, streams: 5, maxOpen: 5 }", /load\.maxOpen: goes with a rate only/],
    ["{ model: ramp, rate: { from: 1, to: 2 }, rampIn: 5s }", /load\.rampIn: goes with streams only/],
    ["{ model: ramp, streams: 5 }", /load\.streams: must be keys with values/],
    ["{ model: steps, steps: [] }", /load\.steps: must have a step/],
    [
      "{ model: steps, steps: [{ streams: 5 }, { rate: 5 }] }",
      /load\.steps\.1: streams and rates can't be mixed/,
    ],
    [
      "{ model: steps, steps: [{ streams: 5, for: 5s }, { streams: 6 }] }",
      /load\.steps\.1: give `for` everywhere/,
    ],
    ["{ model: steps, steps: [{ name: a b, streams: 5 }] }", /load\.steps\.0\.name: must be letters/],
    [
      "{ model: stages, stages: [{ name: a, model: constant, rate: 1 }, { name: a, model: constant, rate: 2 }] }",
      /load\.stages\.1\.name: "a" is there twice/,
    ],
    [
      "{ model: stages, stages: [{ name: transition, model: constant, rate: 1 }] }",
      /is the name of what lies between/,
    ],
    [
      "{ model: stages, stages: [{ name: a, model: soak, rate: 1 }] }",
      /unknown model of a stage; known are concurrency/,
    ],
    [
      "{ model: spike, streams: { base: 1, peak: 5 }, at: 50s, for: 20s }",
      /a spike at 50s for 20s is not over within .* 1m/,
    ],
    [
      "{ model: concurrency, streams: 1, think: { mean: 2s, distribution: normal } }",
      /load\.think: must be a duration, or/,
    ],
  ])("%s", (load, message) => {
    const error = thrownBy(() => parseScenario(scenarioText(load), "s.yaml"));
    expect(error.message).toMatch(message);
    expect(error.exitCode).toBe(2);
  });

  it("the steady window is asked for where the load does not bring one", () => {
    const bare = scenarioText("{ model: steps, steps: [{ rate: 2 }, { rate: 5 }] }", "{ warmup: 10s }");
    expect(thrownBy(() => parseScenario(bare, "s.yaml")).message).toMatch(
      /duration\.steady: must be a duration/,
    );
  });

  it("a mix and a list of clips don't go together", () => {
    const text = `${scenarioText("{ model: constant, rate: 1 }")}audio: { mix: { a: 1 }, clips: { only: [a] } }\n`;
    expect(thrownBy(() => parseScenario(text, "s.yaml")).message).toMatch(
      /audio\.mix names the clips to play/,
    );
  });
});

test("a mix plays what it names", () => {
  const text = `${scenarioText("{ model: constant, rate: 1 }")}audio: { mix: { a: 3, b: 0.5 }, clips: { max: 4s } }\n`;
  const scenario = parseScenario(text, "s.yaml");
  expect(scenario.audio).toMatchObject({ mix: { a: 3, b: 0.5 }, clips: { only: ["a", "b"], maxMs: 4000 } });
  expect(parseScenario(formatScenario(scenario), "s.yaml")).toEqual(scenario);
});

describe("flags", () => {
  it("--rate and --streams replace the one level that a load has", () => {
    expect(loadOf("{ model: poisson, rate: 5 }", undefined, { rate: 7.5 })).toMatchObject({ rate: 7.5 });
    expect(loadOf("{ model: soak, streams: 5 }", undefined, { streams: 7 })).toMatchObject({ streams: 7 });
  });

  test.each<[string, ScenarioOverrides, RegExp]>([
    [
      "{ model: concurrency, streams: 5 }",
      { rate: 5 },
      /^--rate 5: .*\(concurrency\) has no single number of sessions/,
    ],
    [
      "{ model: poisson, rate: 5 }",
      { streams: 5 },
      /^--streams 5: .*\(poisson\) has no single number of streams/,
    ],
    ["{ model: ramp, rate: { from: 1, to: 5 } }", { rate: 5 }, /^--rate 5: .*\(ramp\) has no single number/],
    ["{ model: poisson, rate: 5 }", { rate: -1 }, /^--rate -1: must be a number from 0\.001 to 10000/],
  ])("%s with %j is refused", (load, overrides, message) => {
    const error = thrownBy(() => loadOf(load, undefined, overrides));
    expect(error.message).toMatch(message);
    expect(error.exitCode).toBe(2);
  });

  it("--duration stretches shares of the window, and cuts or holds lengths that are given", () => {
    const shared = "{ model: steps, steps: [{ rate: 2 }, { rate: 5 }] }";
    expect(loadOf(shared, undefined, { duration: "20s" })).toMatchObject({
      steps: [{ forMs: 10_000 }, { forMs: 10_000 }],
    });
    const given = "{ model: steps, steps: [{ rate: 2, for: 40s }, { rate: 5, for: 20s }] }";
    expect(loadOf(given, undefined, { duration: "20s" })).toMatchObject({
      steps: [{ forMs: 40_000 }, { forMs: 20_000 }],
    });
  });
});

test("gates on stages that the load does not have are refused", () => {
  const scenario = parseScenario(scenarioText("{ model: spike, rate: { base: 1, peak: 5 } }"), "s.yaml");
  expect(() =>
    checkStages([{ source: "rtfx > 1" }, { source: "x", stage: "spike" }], scenario),
  ).not.toThrow();
  const error = thrownBy(() => checkStages([{ source: "rtfx@peak > 1", stage: "peak" }], scenario));
  expect(error.message).toBe('SLO "rtfx@peak > 1": the load has no stage "peak"');
  expect(error.hint).toBe("It has before, spike, after.");
});

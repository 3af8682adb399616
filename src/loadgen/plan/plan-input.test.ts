import { expect, test } from "vitest";
import type { Clip, Dataset } from "../../base/dataset/dataset.ts";
import type { OpenPlanInput, PlanInput } from "./plan-input.ts";
import { planInput } from "./plan-input.ts";
import { checkAgainstDataset, parseScenario } from "../../scenario/scenario.ts";
import type { Trace } from "../../scenario/load/trace.ts";

const clip = (id: string, audioMs: number): Clip => ({
  ...{
    id,
    pcm: new Uint8Array(2),
    sampleRateHz: 16_000,
    audioMs,
    onsetMs: 0,
    speechEndMs: audioMs,
    words: [],
  },
});
const dataset: Dataset = {
  name: "d",
  clips: [clip("short", 3000), clip("long", 9000)],
  audioSeconds: 12,
  sha256: "",
};

function inputOf(load: string, more = "", trace?: Trace): PlanInput | OpenPlanInput {
  const text = `name: mine\nload: ${load}\nduration: { warmup: 10s, steady: 60s }\n${more}`;
  return planInput(checkAgainstDataset(parseScenario(text, "/s.yaml"), dataset), dataset, trace);
}

test("there is room for four times the sessions that a server which keeps up has open", () => {
  // The longest session takes 9 s of audio and about a second around it; the mean one 7 s.
  expect(inputOf("{ model: poisson, rate: 5 }")).toMatchObject({ maxOpen: 200, expectedOpen: 35 });
  expect(inputOf("{ model: ramp, rate: { from: 1, to: 5 } }")).toMatchObject({ maxOpen: 200 });
  expect(inputOf("{ model: poisson, rate: 0.5 }")).toMatchObject({ maxOpen: 50 });
  expect(inputOf("{ model: poisson, rate: 5, maxOpen: 7 }")).toMatchObject({ maxOpen: 7 });
  expect(inputOf("{ model: poisson, rate: 5 }", "audio: { pace: 9 }\n")).toMatchObject({ maxOpen: 50 });
});

test("one level of callers is the plain case, whatever the model is called", () => {
  const plain = { streams: 8, rampInMs: 5000 };
  for (const load of [
    "{ model: concurrency, streams: 8 }",
    "{ model: soak, streams: 8 }",
    "{ model: stages, stages: [{ name: a, model: concurrency, streams: 8 }, { name: b, model: concurrency, streams: 8 }] }",
  ]) {
    expect(inputOf(load)).toMatchObject(plain);
    expect(inputOf(load)).not.toHaveProperty("segments");
  }
  expect(inputOf("{ model: ramp, streams: { from: 2, to: 8 } }")).toMatchObject({
    streams: 8,
    segments: [{}, {}, {}, {}],
  });
});

test("offline has no pace", () => {
  expect(inputOf("{ model: offline, streams: 8 }").pace).toBe(Infinity);
});

test("a load without bounds is refused", () => {
  const load = "{ model: steps, steps: [{ rate: 10000, for: 1h }] }";
  const text = `name: mine\nload: ${load}\nduration: { warmup: 10s }\n`;
  const scenario = checkAgainstDataset(parseScenario(text, "/s.yaml"), dataset);
  expect(() => planInput(scenario, dataset)).toThrow(/plans 36 million sessions, 20 million are the most/);
});

test("a trace's clips are found among those that are played", () => {
  const load = "{ model: trace, file: t.csv }";
  const starts = [
    { startMs: 0, clip: "long", line: 2 },
    { startMs: 5000, line: 3 },
    { startMs: 12_000, line: 4 },
    { startMs: 14_000, line: 5 },
  ];
  expect(inputOf(load, "", { file: "t.csv", starts })).toMatchObject({
    trace: [{ startMs: 0, clip: 1 }, { startMs: 5000 }, { startMs: 12_000 }, { startMs: 14_000 }],
    maxOpen: 50,
    // Three within 10 s, for sessions of 7 s on average.
    expectedOpen: 3,
  });
  const alien = { file: "t.csv", starts: [{ startMs: 0, clip: "lang", line: 9 }] };
  expect(() => inputOf(load, "", alien)).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/^t\.csv:9: clip: "lang"/) as string,
      hint: 'Did you mean "long"?',
    }),
  );
});

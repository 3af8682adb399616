import { describe, expect, it } from "vitest";
import { loadShape, stageAt } from "./load-shape.ts";
import type { ClosedOptions, Load, OpenOptions } from "./load.ts";

const closed: ClosedOptions = { rampInMs: 2000, thinkMs: 0 };
const open: OpenOptions & { arrivals: "even" } = { maxOpen: "auto", arrivals: "even" };

/** `[fromMs, toMs, from, to]` of each stretch, after a warm-up of 10 s. */
function shape(load: Load, warmupMs = 10_000): number[][] {
  return loadShape(load, warmupMs).segments.map(({ fromMs, toMs, from, to }) => [fromMs, toMs, from, to]);
}

describe("the level of a load over the run", () => {
  it.each<[string, Load, number[][]]>([
    [
      "concurrency",
      { model: "concurrency", streams: 5, ...closed },
      [
        [0, 2000, 0, 5],
        [2000, Infinity, 5, 5],
      ],
    ],
    ["constant", { model: "constant", rate: 3, maxOpen: "auto" }, [[0, Infinity, 3, 3]]],
    ["soak", { model: "soak", rate: 3, ...open }, [[0, Infinity, 3, 3]]],
    [
      "a ramp of rates: its first level before it, its last after it",
      { model: "ramp", rate: { from: 1, to: 9 }, overMs: 30_000, ...open },
      [
        [0, 10_000, 1, 1],
        [10_000, 40_000, 1, 9],
        [40_000, Infinity, 9, 9],
      ],
    ],
    [
      "a spike: all come at once",
      { model: "spike", streams: { base: 2, peak: 8 }, atMs: 5000, forMs: 3000, ...closed },
      [
        [0, 2000, 0, 2],
        [2000, 10_000, 2, 2],
        [10_000, 15_000, 2, 2],
        [15_000, 18_000, 8, 8],
        [18_000, Infinity, 2, 2],
      ],
    ],
    [
      "steps of callers: those of a step come in evenly, in half of it at most; leaving needs no time",
      {
        model: "steps",
        settleMs: 0,
        ...closed,
        steps: [
          { name: "a", streams: 2, forMs: 5000 },
          { name: "b", streams: 6, forMs: 3000 },
          { name: "c", streams: 4, forMs: 5000 },
        ],
      },
      [
        [0, 2000, 0, 2],
        [2000, 10_000, 2, 2],
        [10_000, 15_000, 2, 2],
        [15_000, 16_500, 2, 6],
        [16_500, 18_000, 6, 6],
        [18_000, 23_000, 4, 4],
        [23_000, Infinity, 4, 4],
      ],
    ],
    ["a trace has no level", { model: "trace", file: "/t.csv", maxOpen: "auto" }, []],
  ])("%s", (_, load, expected) => {
    expect(shape(load)).toEqual(expected);
  });

  it("without a warm-up the first callers come in during the first step", () => {
    const steps = [{ name: "a", streams: 4, forMs: 10_000 }];
    expect(shape({ model: "steps", settleMs: 0, ...closed, steps }, 0)).toEqual([
      [0, 2000, 0, 4],
      [2000, 10_000, 4, 4],
      [10_000, Infinity, 4, 4],
    ]);
  });

  it("stages of rates keep their own spacing", () => {
    const load: Load = {
      model: "stages",
      settleMs: 0,
      maxOpen: "auto",
      stages: [
        { name: "a", forMs: 5000, model: "constant", rate: 2 },
        { name: "b", forMs: 5000, model: "poisson", rate: 2 },
      ],
    };
    expect(loadShape(load, 0).segments.map(({ spacing }) => spacing)).toEqual(["even", "poisson", "poisson"]);
  });
});

describe("stages", () => {
  it("go by planned start, warm-up included, with what is too soon after a change apart", () => {
    const { stages } = loadShape(
      {
        model: "stages",
        settleMs: 2000,
        ...closed,
        stages: [
          { name: "a", forMs: 5000, model: "concurrency", streams: 3 },
          { name: "b", forMs: 5000, model: "concurrency", streams: 3, phase: "aligned" },
        ],
      },
      10_000,
    );
    const at = [0, 10_000, 14_999, 15_000, 16_999, 17_000, 99_000].map((ms) => stageAt(stages, ms));
    expect(at.map((stage) => stage?.name)).toEqual(["a", "a", "a", "transition", "transition", "b", "b"]);
    expect(at.map((stage) => stage?.phase)).toEqual([
      ...[undefined, undefined, undefined],
      ...["aligned", "aligned", "aligned", "aligned"],
    ]);
  });

  it("of a spike are before, spike and after", () => {
    const load: Load = { model: "spike", rate: { base: 1, peak: 5 }, atMs: 3000, forMs: 2000, ...open };
    const { stages } = loadShape(load, 1000);
    expect(stages).toEqual([
      { fromMs: 0, name: "before" },
      { fromMs: 4000, name: "spike" },
      { fromMs: 6000, name: "after" },
    ]);
  });
});

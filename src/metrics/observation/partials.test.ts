import { describe, expect, it } from "vitest";
import type { Said, SessionSketch } from "../../../test/support/timeline.ts";
import { FOUR_WORDS, NO_REFERENCE, sketch } from "../../../test/support/timeline.ts";
import { metricNamed } from "../catalogue/catalogue.ts";
import type { Observation } from "./observation.ts";

function value(name: string, said: readonly Said[], spec: SessionSketch = {}): number | undefined {
  const metric = metricNamed(name);
  return metric?.per === "session" ? metric.of(sketch({ said, ...spec })) : undefined;
}

function series(name: string, observation: Observation, form: "each" | "actual" = "each"): number[] {
  const metric = metricNamed(name);
  const found: number[] = [];
  if (metric?.per === "word" || metric?.per === "response")
    metric[form]?.(observation, (ms) => found.push(ms));
  return found;
}

describe("stability of partials", () => {
  /** Changes: "won" -> "one" (1), "tree fore" -> "three" (2: both; the tail is gone); then only additions. N = 4. */
  const REVISED: readonly Said[] = [
    [100, "won"],
    [200, "one two"],
    [300, "one two tree fore"],
    [400, "one two three"],
    [500, "One, two, three, four."],
  ];

  it.each([
    ["upwr", 3 / 4],
    ["erasure", 3 / 4],
    ["final_surprise", 1 / 4],
  ])("%s, by value", (name, expected) => {
    expect(value(name, REVISED)).toBe(expected);
  });

  it.each([
    ["one two three four", ["one two", "one two three", "1234."]],
    ["one two three four", ["12", "1 2 3", "1234."]],
    ["twenty three dollars", ["20", "twenty three", "$23."]],
    [undefined, ["1", "1 2", "12", "12 3", "123."]],
    [undefined, ["twenty", "twenty three", "23 people."]],
    [
      "nineteen ninety nine at ten thirty p m",
      ["nineteen", "nineteen ninety nine at ten", "1999 at 10:30 p.m."],
    ],
    ["今天天气很好", ["今", "今天天", "今天，天气", "今天天气很好."]],
    ["สวัสดีครับ", ["ส", "สวั", "สวัสดี คร", "สวัสดีครับ."]],
    ["می‌خواهم بروم", ["میخواهم", "می‌خواهم بروم."]],
    ["straße", ["STRASSE", "Straße."]],
  ])("numbers that are written otherwise and characters that are added are no change: %j", (text, texts) => {
    const clip = { ...NO_REFERENCE, words: [], ...(text === undefined ? {} : { text }) };
    const said = texts.map((one, index) => [100 * (index + 1), one] as const);
    expect([value("upwr", said, { clip }), value("erasure", said, { clip })]).toEqual([0, 0]);
  });

  it("a number read otherwise than before is a change", () => {
    const clip = { ...NO_REFERENCE, words: [], text: "twelve" };
    const said: readonly Said[] = [
      [100, "one three"],
      [200, "12."],
    ];
    expect(value("upwr", said, { clip })).toBe(2);
  });

  it("erasure counts all that follows an early change, upwr the word that changed", () => {
    const early: readonly Said[] = [
      [100, "won two three"],
      [200, "one two three"],
      [300, "one two three four."],
    ];
    expect(value("upwr", early)).toBe(1 / 4);
    expect(value("erasure", early)).toBe(3 / 4);
  });

  it("text that only grows is stable, whatever its case and punctuation do", () => {
    const grown: readonly Said[] = [
      [100, "one"],
      [150, ""],
      [200, "one two"],
      [250, "one two"],
      [300, "One, two. Three"],
      [400, "One two three."],
    ];
    for (const name of ["upwr", "erasure", "final_surprise"])
      expect([name, value(name, grown)]).toEqual([name, 0]);
  });

  it("sums over segments, each on its own, by all final words", () => {
    const two: readonly Said[] = [
      [100, "one too"],
      [200, "one two."],
      [300, "tree"],
      [400, "three four five."],
      [500, "never finalised"],
    ];
    // Segment 1: 1 of 2 changed. Segment 2: "tree" changed, of 3.
    expect(value("upwr", two)).toBe(2 / 5);
    // Segment 2: "tree" -> "three" and two words that nobody had seen.
    expect(value("final_surprise", two)).toBe((1 + 3) / 5);
  });

  it("a blank final takes back what was shown; a final without partials is all surprise", () => {
    const taken: readonly Said[] = [
      [100, "hm"],
      [200, "."],
      [400, "one two."],
    ];
    expect(value("upwr", taken)).toBe(1 / 2);
    expect(value("final_surprise", taken)).toBe(3 / 2);
  });

  it("says nothing without words, without interim results, or of a session cut short", () => {
    expect(value("upwr", [[100, "."]])).toBeUndefined();
    expect(value("final_surprise", [[100, "one."]], { interim: false })).toBeUndefined();
    expect(value("erasure", REVISED, { cutShort: true })).toBeUndefined();
  });
});

describe("word emission", () => {
  // Anchor 20: the four words end at 370, 520, 670 and 820 on the run's clock.
  const SAID: readonly Said[] = [
    [400, "one"],
    [600, "one too"],
    [700, "one two"],
    [750, "one to three"],
    [900, "one two three"],
    [1080, "One two three four."],
  ];

  it.each([
    ["word_emission_first", [400 - 370, 700 - 520, 750 - 670, 1080 - 820]],
    ["word_emission_stable", [400 - 370, 900 - 520, 750 - 670, 1080 - 820]],
    ["word_emission_final", [1080 - 370, 1080 - 520, 1080 - 670, 1080 - 820]],
  ])("%s, by value", (name, expected) => {
    expect(series(name, sketch({ said: SAID }))).toEqual(expected);
  });

  it("reads words in place though something was put in or left out before them, over several finals", () => {
    const said: readonly Said[] = [
      [500, "um one two."],
      [700, "three"],
      [1000, "three for."],
    ];
    expect(series("word_emission_first", sketch({ said }))).toEqual([500 - 370, 500 - 520, 700 - 670]);
    expect(series("word_emission_final", sketch({ said }))).toEqual([500 - 370, 500 - 520, 1000 - 670]);
  });

  it("keeps nothing of the sessions before, longer ones and shorter ones", () => {
    const text = Array.from({ length: 400 }, (_, i) => `word ${i}`).join(" ");
    const long = sketch({ said: [[1000, `${text} one two three four.`]] });
    const short = sketch({ said: SAID });
    const emissions = [short, long, short].map((session) => series("word_emission_first", session));
    expect(emissions[2]).toEqual(emissions[0]);
    expect(emissions[1]).toEqual([1000 - 370, 1000 - 520, 1000 - 670, 1000 - 820]);
  });

  it("gives no value to words that were never said, nor without reference times", () => {
    expect(series("word_emission_first", sketch({ said: [[500, "nothing alike."]] }))).toEqual([]);
    const untimed = { ...NO_REFERENCE, words: [] };
    expect(series("word_emission_first", sketch({ said: SAID, clip: untimed }))).toEqual([]);
  });

  it("counts from the word's end at any pace, by plan and by actual sends", () => {
    const fast = sketch({
      pace: 2,
      said: [[700, "one two three four."]],
      latenessMs: Array(10).fill(7) as number[],
    });
    expect(series("word_emission_final", fast)).toEqual([505, 430, 355, 280]);
    expect(series("word_emission_final", fast, "actual")).toEqual([498, 423, 348, 273]);
  });
});

describe("backlog", () => {
  it("is what was due less what was processed, after each response that says so", () => {
    // Chunks are due at 120, 220 ... 1020.
    const said: readonly Said[] = [
      [125, "", 100],
      [219, "", 100],
      [330, "one", 200],
      [340, "one two"],
      [800, "one two", 500],
      [1100, "one two three four.", 1000],
    ];
    expect(series("backlog", sketch({ said }))).toEqual([0, 0, 100, 200, 0]);
  });

  const LONG = { ...FOUR_WORDS, audioMs: 10_000 };

  /** A server that takes 160 ms at a time, its delay growing by `slope`. */
  function falling(slope: number, audioMs = 10_000): Observation {
    const said: Said[] = [];
    for (let processedMs = 160; processedMs <= audioMs; processedMs += 160) {
      const arrivedMs = 20 + Math.ceil(processedMs / 100) * 100;
      said.push([arrivedMs + 25 + slope * processedMs, "one", processedMs]);
    }
    return sketch({ said, clip: { ...LONG, audioMs } });
  }

  it.each([
    [0, 0.002],
    [0.02, 0.003],
    [0.1, 0.01],
  ])("backlog_slope: %d s of backlog gained per second", (slope, within) => {
    const metric = metricNamed("backlog_slope");
    const found = metric?.per === "session" ? metric.of(falling(slope)) : undefined;
    expect(Math.abs((found ?? NaN) - slope / (1 + slope))).toBeLessThan(within);
  });

  it("backlog_slope says nothing of what is too short to have one", () => {
    const metric = metricNamed("backlog_slope");
    expect(metric?.per === "session" ? metric.of(falling(0.02, 2500)) : 0).toBeUndefined();
  });
});

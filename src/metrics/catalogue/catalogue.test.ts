import { describe, expect, it } from "vitest";
import {
  dropped,
  FOUR_WORDS,
  sketch,
  type Said,
  type SessionSketch,
} from "../../../test/support/timeline.ts";
import { METRICS, metricNamed } from "./catalogue.ts";
import type { Observation } from "../observation/observation.ts";

/** Anchor 20, chunks due at 120, 220 ... 1020, speech on the run's clock from 220 to 820. */
const SAID: readonly Said[] = [
  [180, " "],
  [290, "one", 200],
  [390, "one two", 300],
  [400, "", 300],
  [690, "one two three", 600],
  [1080, "one two three four.", 1000],
];
const spec: SessionSketch = { said: SAID, endedMs: 1120 };

/** All values of a metric, by plan or by actual sends. */
function values(name: string, observation: Observation, form: "planned" | "actual" = "planned"): number[] {
  const metric = metricNamed(name);
  const found: number[] = [];
  if (metric?.per === "session") {
    const value = form === "planned" ? metric.of(observation) : metric.actual?.(observation);
    if (value !== undefined) found.push(value);
  } else if (metric !== undefined && metric.per !== "run") {
    const each = form === "planned" ? metric.each : metric.actual;
    each?.(observation, (value) => found.push(value));
  }
  return found;
}

describe("latencies by plan", () => {
  it.each([
    ["first_partial_from_audio", [290 - 120]],
    ["first_partial_from_onset", [290 - 220]],
    ["final_from_last_chunk", [1080 - 1020]],
    ["final_from_close", [1080 - 1020]],
    ["final_from_speech_end", [1080 - 820]],
    ["response_latency", [290 - 220, 390 - 320, 400 - 320, 690 - 620, 1080 - 1020]],
    ["partial_gap", [100, 300, 390]],
    ["session_setup", [10]],
    ["start_slip", [0]],
    ["rtf", [1.1]],
  ])("%s", (name, expected) => {
    expect(values(name, sketch(spec))).toEqual(expected);
  });

  it("counts a late generator against the server, the actual form does not", () => {
    const late = sketch({ ...spec, latenessMs: [5, 5, 5, 5, 5, 5, 5, 5, 5, 30] });
    expect(values("final_from_last_chunk", late)).toEqual([60]);
    expect(values("final_from_last_chunk", late, "actual")).toEqual([30]);
    expect(values("first_partial_from_onset", late, "actual")).toEqual([65]);
    expect(values("response_latency", late, "actual")).toEqual([65, 65, 75, 65, 30]);
    expect(values("send_lateness", late)).toEqual([5, 5, 5, 5, 5, 5, 5, 5, 5, 30]);
  });

  it("scales with the pace", () => {
    const fast = sketch({
      pace: 2,
      said: [
        [200, "one", 200],
        [560, "one two three four."],
      ],
    });
    expect(values("first_partial_from_onset", fast)).toEqual([200 - 120]);
    expect(values("final_from_last_chunk", fast)).toEqual([40]);
    expect(values("response_latency", fast)).toEqual([200 - 120]);
  });

  it("keeps a negative latency", () => {
    const early = sketch({ said: [[900, "one two three four."]] });
    expect(values("final_from_last_chunk", early)).toEqual([-120]);
  });

  it("back-pressure is the transport's time", () => {
    expect(values("back_pressure", sketch({ heldMs: 3, latenessMs: [0, 9] }))).toEqual([3, 3]);
  });
});

describe("first partial from onset", () => {
  it("does not use text from before the speech", () => {
    expect(
      values(
        "first_partial_from_onset",
        sketch({
          said: [
            [150, "uh"],
            [300, "one"],
          ],
        }),
      ),
    ).toEqual([80]);
  });

  it("has no value without speech", () => {
    const silence = sketch({ clip: { ...FOUR_WORDS, text: "", words: [] }, said: [[300, "one"]] });
    expect(values("first_partial_from_onset", silence)).toEqual([]);
  });
});

describe("final from the end of speech", () => {
  const at = (said: readonly Said[]): number[] => values("final_from_speech_end", sketch({ said }));

  it("is the final that says the last word, not the last final", () => {
    expect(
      at([
        [500, "One two."],
        [900, "Three, four."],
        [1100, "Thanks."],
      ]),
    ).toEqual([80]);
  });

  it("is not a final that says the word early", () => {
    expect(
      at([
        [500, "four."],
        [900, "two three four."],
      ]),
    ).toEqual([80]);
  });

  it("forgives a lost word", () => {
    expect(
      at([
        [900, "one three four."],
        [1100, "yes."],
      ]),
    ).toEqual([80]);
  });

  it("falls back to the last final with text", () => {
    expect(
      at([
        [900, "one two."],
        [1000, "tree for."],
      ]),
    ).toEqual([180]);
  });

  it("goes by word times where the server gives them", () => {
    const timed = sketch();
    const observation: Observation = {
      ...timed,
      responses: [
        { atMs: 600, final: true, text: "one", words: [{ word: "one", startMs: 200, endMs: 350 }] },
        { atMs: 900, final: true, text: "for", words: [{ word: "for", startMs: 640, endMs: 790 }] },
        { atMs: 1200, final: true, text: "bye", words: [{ word: "bye", startMs: 900, endMs: 990 }] },
      ],
    };
    expect(values("final_from_speech_end", observation)).toEqual([80]);
  });
});

describe("response latency", () => {
  const at = (processedMs: number): number[] =>
    values("response_latency", sketch({ said: [[1100, "one", processedMs]] }));

  it("matches float32 positions to chunk ends within a millisecond", () => {
    expect(at(Math.fround(0.3) * 1000)).toEqual([1100 - 320]);
    expect(at(300.9)).toEqual([1100 - 320]);
    expect(at(302)).toEqual([1100 - 420]);
  });

  it("gives positions beyond the clip to its last chunk", () => {
    expect(at(1120)).toEqual([1100 - 1020]);
  });

  it("takes zero for not given", () => {
    expect(at(0)).toEqual([]);
  });
});

describe("NVIDIA's latencies", () => {
  const paired: readonly Said[] = Array.from({ length: 11 }, (_, i) => [
    170 + i * 100,
    i === 9 ? "one." : "",
  ]);

  it("pair response i with chunk i and ignore one surplus response", () => {
    expect(values("nvidia_compat_latency", sketch({ said: paired }))).toEqual(
      Array.from({ length: 10 }, () => 50),
    );
    expect(values("nvidia_compat_final", sketch({ said: paired }))).toEqual([50]);
    expect(values("nvidia_compat_intermediate", sketch({ said: paired }))).toHaveLength(9);
  });

  it("leave out a session with other counts", () => {
    expect(values("nvidia_compat_latency", sketch({ said: paired.slice(0, 9) }))).toEqual([]);
  });

  it("count from the actual send", () => {
    const late = sketch({ said: paired, latenessMs: Array.from({ length: 10 }, () => 20) });
    expect(values("nvidia_compat_final", late)).toEqual([30]);
  });
});

it("says nothing of what did not happen", () => {
  for (const { name } of METRICS) expect([name, values(name, dropped(1))]).toEqual([name, []]);
});

it("does not judge the final of a session cut short", () => {
  const cut = sketch({ ...spec, cutShort: true });
  for (const name of ["final_from_last_chunk", "final_from_close", "final_from_speech_end", "rtf"]) {
    expect(values(name, cut)).toEqual([]);
  }
});

/**
 * A word error rate that is planted in the emulator's answers, and what the run would say of it: the emulator's own errors, the scorer, the
 * recorder and the interval, without network and clock.
 */
import { expect, test } from "vitest";
import { loadDataset } from "../src/base/dataset/dataset.ts";
import type { Clip } from "../src/base/dataset/dataset.ts";
import { scoringRulesFor } from "../src/base/text/scoring/normalizers.ts";
import { WordErrors } from "../src/emulator/recognizer/word-errors.ts";
import type { ClipFacts } from "../src/metrics/observation/observation.ts";
import type { Summary } from "../src/metrics/result/result.ts";
import { createRecorder } from "../src/metrics/record/recorder.ts";
import { createTotals } from "../src/metrics/record/totals.ts";
import { sketch } from "./support/timeline.ts";

const RUNS = 100;
const CONFIG = { window: { startMs: 0, endMs: 10_000 }, slos: [] };
const { clips } = await loadDataset("default");

/** The facts of a clip, as a session of four words has them but for its text. */
function factsOf({ id, text = "" }: Clip): ClipFacts {
  return { ...sketch({}).clip, id, text, words: [], scoring: scoringRulesFor("en-US") };
}

/** The result of a run that plays each clip once against a server with that planted rate. */
function measured(rate: number, seed: number): Summary | undefined {
  const errors = new WordErrors({ rate, overloadRate: 0, seed }, clips, () => 0);
  const recorder = createRecorder(CONFIG);
  for (const [seq, clip] of clips.entries()) {
    const answer = errors
      .heard(clip)
      .map(({ word }) => word)
      .join(" ");
    recorder.record(sketch({ seq, clip: factsOf(clip), said: [[1100, `${answer}.`, 1000]] }));
  }
  const totals = createTotals(CONFIG);
  totals.add(recorder.snapshot(0, 1000));
  return totals.summaries()["wer"];
}

test.each([0.05, 0.2])("a planted rate of %f is inside its interval 19 times of 20", (rate) => {
  const found = Array.from({ length: RUNS }, (_, seed) => measured(rate, seed));
  const inside = found.filter(({ low = NaN, high = NaN } = {} as Summary) => low <= rate && rate <= high);
  // 95 are expected; fewer than 90 have a chance of 1 %.
  expect(inside.length).toBeGreaterThanOrEqual(90);
  const mean = found.reduce((sum, summary) => sum + (summary?.value ?? NaN), 0) / RUNS;
  expect(Math.abs(mean - rate)).toBeLessThan(0.01);
  // An interval that holds everything would say nothing.
  expect(found.every(({ low = 0, high = 1 } = {} as Summary) => high - low < 0.2)).toBe(true);
});

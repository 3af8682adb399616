import { describe, expect, it } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import { randomStream } from "../../base/random.ts";
import type { ClipAccuracy } from "../observation/accuracy.ts";
import type { RunResult } from "../result/result.ts";
import { compareByClip } from "./clip-figures.ts";
import { compareRuns } from "./comparison.ts";
import { DEFAULT_MARGINS, figureNamed } from "./figure.ts";

const WER = figureNamed("wer");

function clip(name: string, reference: number, wrong: number): ClipAccuracy {
  return {
    ...{
      clip: name,
      unit: "word",
      normalizer: "basic",
      sessions: 1,
      reference,
      substitutions: wrong,
      insertions: 0,
      deletions: 0,
    },
    ...{ failed: 0, failedReference: 0, compared: 0, same: 0 },
  };
}

/** Thirty clips of ten words; `wrongOf` says how many are wrong. */
function run(wrongOf: (clip: number) => number, id = "a"): RunResult {
  const result = PASSED;
  const accuracy = Array.from({ length: 30 }, (_, index) => clip(`clip-${index}`, 10, wrongOf(index)));
  const wrong = accuracy.reduce((sum, { substitutions }) => sum + substitutions, 0);
  return {
    ...result,
    verdict: "pass",
    run: { ...result.run, id },
    accuracy,
    metrics: { ...result.metrics, wer: { unit: "ratio", count: 30, value: wrong / 300 } },
  };
}

describe("two servers by their clips", () => {
  it("pools the clips of all runs and gives the difference an interval", () => {
    const compared = compareByClip([run(() => 1), run(() => 1)], [run((n) => 1 + (n % 2))], WER);
    expect(compared?.baseline).toBeCloseTo(0.1, 12);
    expect(compared?.candidate).toBeCloseTo(0.15, 12);
    expect(compared?.inference?.estimate).toBeCloseTo(0.05, 12);
    const [low = NaN, high = NaN] = compared?.inference?.interval(0.95) ?? [];
    expect(low).toBeGreaterThan(0.03);
    expect(high).toBeLessThan(0.07);
  });

  it("takes only clips that both sides have scored", () => {
    const few = { ...run(() => 1), accuracy: [clip("clip-0", 10, 5), clip("other", 10, 10)] };
    expect(compareByClip([run(() => 1)], [few], WER)).toMatchObject({ baseline: 0.1, candidate: 0.5 });
    expect(compareByClip([run(() => 1)], [few], WER)?.inference).toBeUndefined();
  });

  it("gives a clip the weight that it has in the baseline, however often the other side completed it", () => {
    // The hard clip has half of its words wrong on both sides; the candidate completed it once, the baseline ten times.
    const baseline = { ...run(() => 0), accuracy: [clip("easy", 100, 0), clip("hard", 100, 50)] };
    const candidate = { ...run(() => 0), accuracy: [clip("easy", 100, 0), clip("hard", 10, 5)] };
    expect(compareByClip([baseline], [candidate], WER)).toMatchObject({ baseline: 0.25, candidate: 0.25 });
  });

  it("holds no clips against each other that were scored by other rules", () => {
    const other = run(() => 1);
    const accuracy = other.accuracy?.map((one) => ({ ...one, normalizer: "none" as const }));
    expect(compareByClip([run(() => 1)], [{ ...other, accuracy: accuracy ?? [] }], WER)).toBeUndefined();
  });

  it("claims no more than the runs allow, where there are several", () => {
    const noisy = [0, 0.9, 0.1, 1].map((share, index) =>
      run((n) => (n % 2 === 0 ? 2 * share : 0), `b${index}`),
    );
    const verdict = compareRuns(
      { baseline: [0, 1, 2, 3].map((index) => run(() => 0, `a${index}`)), candidate: noisy, paired: false },
      [WER],
      [],
      { ...DEFAULT_MARGINS, ratio: 0.001 },
    ).verdict;
    expect(verdict).toBe("inconclusive");
  });

  it("names the more accurate one, and no winner of the same one twice", () => {
    const verdict = (candidate: RunResult): string =>
      compareRuns(
        { baseline: [run((n) => n % 3)], candidate: [candidate], paired: false },
        [WER],
        [],
        DEFAULT_MARGINS,
      ).verdict;
    expect(verdict(run((n) => n % 3, "b"))).toBe("equivalent");
    expect(verdict(run(() => 0, "b"))).toBe("better");
    expect(verdict(run((n) => (n % 3) + 1, "b"))).toBe("worse");
  });

  it("its interval holds the planted difference 19 times of 20", () => {
    const random = randomStream(3, "planted");
    const wrong = (rate: number): number =>
      Array.from({ length: 10 }, () => random() < rate).filter(Boolean).length;
    let held = 0;
    for (let turn = 0; turn < 300; turn++) {
      const hard = Array.from({ length: 30 }, () => 0.3 * random());
      const baseline = run((n) => wrong(hard[n] ?? 0));
      const candidate = run((n) => wrong((hard[n] ?? 0) * 0.6));
      const [low = NaN, high = NaN] =
        compareByClip([baseline], [candidate], WER)?.inference?.interval(0.95) ?? [];
      // Clips are as hard as 15 % in the mean; the candidate makes 0.6 of the errors.
      if (low <= -0.06 && high >= -0.06) held++;
    }
    expect(held).toBeGreaterThanOrEqual(276);
  });

  it("is not for figures of other kinds, of one stage, or of runs without clips", () => {
    expect(compareByClip([run(() => 1)], [run(() => 1)], figureNamed("error_ratio"))).toBeUndefined();
    expect(compareByClip([run(() => 1)], [run(() => 1)], figureNamed("wer@calm"))).toBeUndefined();
    const { accuracy, ...old } = run(() => 1);
    expect(accuracy).toBeDefined();
    expect(compareByClip([old], [run(() => 1)], WER)).toBeUndefined();
  });
});

/** What the verdicts do over a thousand simulated comparisons whose truth is known. Seeded: every run draws the same. */
import { describe, expect, test } from "vitest";
import type { Random } from "../../base/random.ts";
import { randomStream } from "../../base/random.ts";
import type { DifferenceVerdict } from "../stats/difference.ts";
import { judgeDifferences } from "../stats/difference.ts";
import { deviation, inferFromPairs, inferFromRuns, mean } from "../stats/paired.ts";
import { pairsNeeded, powerToDiffer, powerToEqual } from "../stats/power.ts";
import { judgeShare, sessionsNeeded } from "../stats/certainty.ts";

const COMPARISONS = 1000;
const SESSIONS = 130;

/**
 * The p95 (rank 124) of the latencies of 130 sessions, log-logistic with a p95 near 626 ms. The seven greatest of 130
 * uniforms are drawn from the top down, which is the same as drawing and sorting all of them, and quicker.
 */
function p95(factor: number, random: Random): number {
  const rank = Math.ceil(0.95 * SESSIONS);
  let u = 1;
  for (let left = SESSIONS; left >= rank; left--) u *= (1 - random()) ** (1 / left);
  return factor * 300 * (u / (1 - u)) ** 0.25;
}

interface World {
  /** Candidate over baseline. */
  factor: number;
  /** The machine's mood in a pair: both sides of it are slower or faster by up to this share. */
  pairMood: number;
  /** A mood of one side of a pair alone. */
  blockMood: number;
}

function differencesOf({ factor, pairMood, blockMood }: World, pairs: number, random: Random): number[] {
  const mood = (share: number): number => 1 + share * (2 * random() - 1);
  return Array.from({ length: pairs }, () => {
    const both = mood(pairMood);
    const baseline = p95(both * mood(blockMood), random);
    return p95(factor * both * mood(blockMood), random) - baseline;
  });
}

const MOODS = [
  { name: "pairs alike", pairMood: 0, blockMood: 0 },
  { name: "pairs that differ", pairMood: 0.3, blockMood: 0.05 },
];
const CASES = MOODS.flatMap((mood) => [6, 8, 12, 16].map((pairs) => ({ ...mood, pairs })));

function verdictsOf(world: World, pairs: number, margin: number, seed: string): DifferenceVerdict[] {
  const random = randomStream(1, seed);
  return Array.from({ length: COMPARISONS }, () => {
    const inference = inferFromPairs(differencesOf(world, pairs, random));
    return judgeDifferences([{ inference, better: "lower", margin }])[0] ?? "inconclusive";
  });
}

function share(verdicts: readonly DifferenceVerdict[], ...wanted: DifferenceVerdict[]): number {
  return verdicts.filter((verdict) => wanted.includes(verdict)).length / verdicts.length;
}

/** Three standard deviations of a share of `COMPARISONS` above `p`. */
function atMost(p: number): number {
  return p + 3 * Math.sqrt((p * (1 - p)) / COMPARISONS);
}

describe.each(CASES)("$pairs $name", ({ pairs, ...mood }) => {
  test("the same server twice is hardly ever better or worse, even without a margin", () => {
    const verdicts = verdictsOf({ factor: 1, ...mood }, pairs, 0, `same ${mood.name} ${pairs}`);
    expect(share(verdicts, "better", "worse")).toBeLessThanOrEqual(atMost(0.05));
    expect(share(verdicts, "equivalent")).toBe(0);
  });

  test("the interval covers the truth as often as it says", () => {
    const random = randomStream(2, `coverage ${mood.name} ${pairs}`);
    const world = { factor: 1.1, ...mood };
    const truth = mean(differencesOf(world, 20_000, random));
    let covered = 0;
    for (let i = 0; i < COMPARISONS; i++) {
      const [low, high] = inferFromPairs(differencesOf(world, pairs, random)).interval(0.95) ?? [];
      if (low !== undefined && high !== undefined && low <= truth && truth <= high) covered++;
    }
    expect(covered / COMPARISONS).toBeGreaterThanOrEqual(0.93);
  });
});

test("with its margin of 5 % the same server twice is equivalent as often as the planner says, and never a winner", () => {
  const world = { factor: 1, pairMood: 0.3, blockMood: 0.02 };
  const pilot = differencesOf(world, 5000, randomStream(3, "pilot same"));
  const predicted = powerToEqual({ shift: 0, deviation: deviation(pilot), margin: 31 }, 60);
  expect(predicted).toBeGreaterThan(0.5);
  const verdicts = verdictsOf(world, 60, 31, "margin");
  expect(share(verdicts, "better", "worse")).toBe(0);
  expect(Math.abs(share(verdicts, "equivalent") - predicted)).toBeLessThanOrEqual(0.07);
});

test("a difference of just the margin is called beyond it no more often than a claim may be false", () => {
  const random = randomStream(4, "edge");
  const truth = mean(differencesOf({ factor: 1.05, pairMood: 0, blockMood: 0 }, 20_000, random));
  const verdicts = verdictsOf({ factor: 1.05, pairMood: 0, blockMood: 0 }, 12, truth, "edge");
  expect(share(verdicts, "better", "worse")).toBeLessThanOrEqual(atMost(0.025));
});

describe("planted shifts are found as often as the planner says", () => {
  const cases = [1.05, 1.1, 1.2].flatMap((factor) =>
    [0, 12].flatMap((margin) => [8, 16].map((pairs) => ({ factor, margin, pairs }))),
  );
  test.each(cases)("$factor with a margin of $margin ms and $pairs pairs", ({ factor, margin, pairs }) => {
    const world = { factor, pairMood: 0.3, blockMood: 0.02 };
    const pilot = differencesOf(world, 5000, randomStream(3, `pilot ${factor}`));
    const predicted = powerToDiffer({ shift: mean(pilot), deviation: deviation(pilot), margin }, pairs);
    const verdicts = verdictsOf(world, pairs, margin, `shift ${factor} ${margin} ${pairs}`);
    expect(Math.abs(share(verdicts, "worse") - predicted)).toBeLessThanOrEqual(0.07);
    expect(share(verdicts, "better")).toBeLessThanOrEqual(0.01);
  });

  test("and the number of pairs that it names is enough", () => {
    const world = { factor: 1.1, pairMood: 0.3, blockMood: 0.02 };
    const pilot = differencesOf(world, 5000, randomStream(3, "pilot needed"));
    const pairs = pairsNeeded({ shift: mean(pilot), deviation: deviation(pilot), margin: 12 });
    expect(pairs).toBeDefined();
    const verdicts = verdictsOf(world, pairs ?? 0, 12, "needed");
    expect(share(verdicts, "worse")).toBeGreaterThan(0.74);
  });
});

test("three metrics at once: any false claim among them is as rare as one alone (Holm)", () => {
  const random = randomStream(5, "family");
  const same = { factor: 1, pairMood: 0.3, blockMood: 0.05 };
  let claimed = 0;
  for (let i = 0; i < COMPARISONS; i++) {
    const verdicts = judgeDifferences(
      [1, 2, 3].map(() => ({
        inference: inferFromPairs(differencesOf(same, 8, random)),
        better: "lower" as const,
        margin: 0,
      })),
    );
    if (verdicts.some((verdict) => verdict === "better" || verdict === "worse")) claimed++;
  }
  expect(claimed / COMPARISONS).toBeLessThanOrEqual(atMost(0.05));
});

describe("a new run against a baseline of five", () => {
  const against = (factor: number, margin: number): DifferenceVerdict[] => {
    const random = randomStream(6, `baseline ${factor}`);
    return Array.from({ length: COMPARISONS }, () => {
      const run = (of: number): number => p95(of * (1 + 0.02 * (2 * random() - 1)), random);
      const inference = inferFromRuns([1, 1, 1, 1, 1].map(run), [run(factor)]);
      return judgeDifferences([{ inference, better: "lower", margin }])[0] ?? "inconclusive";
    });
  };

  test("the same build is not called worse", () => {
    expect(share(against(1, 0), "better", "worse")).toBeLessThanOrEqual(atMost(0.05));
    expect(share(against(1, 30), "worse")).toBeLessThanOrEqual(atMost(0.025));
  });

  test("one that is twice as slow is", () => {
    expect(share(against(2, 30), "worse")).toBeGreaterThan(0.8);
  });
});

describe("certification", () => {
  test("fewer sessions than a percentile needs never pass it", () => {
    for (const p of [0.5, 0.9, 0.95, 0.99]) {
      const needed = sessionsNeeded(p, 0);
      for (let n = 0; n < needed; n++) expect(judgeShare(n, 0, 1 - p)).not.toBe("pass");
      expect(judgeShare(needed, 0, 1 - p)).toBe("pass");
    }
  });

  test("a server whose p95 is just beyond the limit passes at most once in a hundred", () => {
    const random = randomStream(7, "certified");
    let passed = 0;
    for (let i = 0; i < COMPARISONS; i++) {
      let over = 0;
      for (let session = 0; session < 300; session++) if (random() < 0.0501) over++;
      if (judgeShare(300, over, 0.05) === "pass") passed++;
    }
    expect(passed / COMPARISONS).toBeLessThanOrEqual(atMost(0.01));
  });
});

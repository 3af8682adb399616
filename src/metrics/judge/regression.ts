/**
 * Is a build worse than those before it? The run is the unit: each earlier valid run of the same load on the same class
 * of machine gives one value, the candidate's runs another set, and the difference of their means gets an interval from
 * the spread between runs (`inferFromRuns`). No pass is given on doubt: it takes a 95 % bound inside the margin.
 */
import { defined } from "../../base/defined.ts";
import { CLAIM_ALPHA, judgeDifferences, noWorse } from "../stats/difference.ts";
import { compareByClip, MORE_CLIPS } from "./clip-figures.ts";
import type { Figure, Margins } from "./figure.ts";
import { figureIn, marginFor } from "./figure.ts";
import type { Inference } from "../stats/paired.ts";
import { deviation, inferFromRuns, lessCertain, mean } from "../stats/paired.ts";
import { runsNeeded } from "../stats/power.ts";
import type { Check, RunResult } from "../result/result.ts";

export interface RegressionRow {
  figure: Figure;
  /** Means over the runs, in the figure's unit. */
  baseline?: number;
  candidate?: number;
  /** Candidate - baseline. */
  difference?: number;
  /** 95 %. */
  interval?: readonly [low: number, high: number];
  margin?: number;
  /** "fail" is worse than the baseline by more than the margin, "pass" is shown not to be. */
  verdict: Check["verdict"];
  advice?: string;
}

export interface Regression {
  /** Ids of the runs that were compared. */
  baseline: readonly string[];
  candidate: readonly string[];
  rows: readonly RegressionRow[];
}

/** Compares the candidate's runs with the baseline's, which are known to be comparable (`whyNotComparable`). */
export function judgeRegression(
  baseline: readonly RunResult[],
  candidate: readonly RunResult[],
  figures: readonly Figure[],
  margins: Margins,
): Regression {
  const asked = figures.map((figure) => {
    const byClip = compareByClip(baseline, candidate, figure);
    const [before, now] = [valuesOf(baseline, figure), valuesOf(candidate, figure)];
    const ofRuns = inferFromRuns(before, now);
    const inference = byClip?.inference === undefined ? ofRuns : lessCertain(byClip.inference, ofRuns);
    return { figure, byClip, before, now, inference, margin: marginFor(figure, margins, mean(before)) };
  });
  const verdicts = judgeDifferences(
    asked.map(({ figure, inference, margin }) => ({ inference, margin, better: figure.better })),
  );
  const rows = asked.map(({ figure, byClip, before, now, inference, margin }, index): RegressionRow => {
    if (inference === undefined)
      return { figure, verdict: "inconclusive", advice: tooFew(before, now, byClip !== undefined) };
    const interval = inference.interval(1 - CLAIM_ALPHA);
    const verdict =
      verdicts[index] === "worse"
        ? "fail"
        : noWorse({ inference, margin, better: figure.better })
          ? "pass"
          : "inconclusive";
    return {
      figure,
      baseline: byClip?.baseline ?? mean(before),
      candidate: byClip?.candidate ?? mean(now),
      difference: inference.estimate,
      ...defined({ interval }),
      margin,
      verdict,
      ...(verdict === "inconclusive" ? { advice: howMany(figure, before, now, inference, margin) } : {}),
    };
  });
  return { baseline: baseline.map(({ run }) => run.id), candidate: candidate.map(({ run }) => run.id), rows };
}

function valuesOf(runs: readonly RunResult[], figure: Figure): number[] {
  return runs.flatMap((run) => figureIn(run, figure) ?? []);
}

function tooFew(before: readonly number[], now: readonly number[], byClip: boolean): string {
  if (byClip) return MORE_CLIPS;
  if (now.length === 0) return "nothing was measured";
  return `${before.length} baseline run(s) with a value: at least 2 are needed, 5 or more are wise`;
}

function howMany(
  { better }: Figure,
  before: readonly number[],
  now: readonly number[],
  { estimate, method }: Inference,
  margin: number,
): string {
  if (method === "clips") return MORE_CLIPS;
  const worseBy = better === "lower" ? estimate : -estimate;
  if (worseBy >= margin) return "worse, but not surely by more than the margin: run the candidate again";
  const needed = runsNeeded({
    room: margin - worseBy,
    deviation: deviation(before.length > 1 ? before : now),
    candidates: now.length,
  });
  return needed === undefined
    ? "runs differ too much among themselves for this margin: make them longer, or give several runs of the candidate"
    : `about ${needed} baseline runs would decide it`;
}

/** Why two runs can't be held against each other; undefined when they can. */
export function whyNotComparable(run: RunResult, candidate: RunResult): string | undefined {
  if (isSameRun(run, candidate)) return "it is the candidate itself";
  if (run.verdict === "void") return "it is void";
  if (run.run.interrupted) return "it was interrupted";
  if (run.run.shard !== undefined || candidate.run.shard !== undefined)
    return "one of them is a single shard of a run: put its shards together with `bench merge`";
  if (run.target.emulated !== candidate.target.emulated) return "one of them ran against the emulator";
  if (run.target.standIn !== candidate.target.standIn) return "another stand-in answered, or none";
  if (run.run.cpus !== candidate.run.cpus) {
    return `another class of machine: ${run.run.cpus} CPUs, not ${candidate.run.cpus}`;
  }
  if ((run.run.remote === undefined) !== (candidate.run.remote === undefined))
    return "workers on other machines made the load of one of them";
  if (dealtBy(run) !== dealtBy(candidate)) return "its workers had other shares of the load";
  if (run.dataset.sha256 !== candidate.dataset.sha256) return "other speech";
  if (loadOf(run) !== loadOf(candidate)) return "another load, window or recognition";
  const [own, theirs] = [candidate.window.steadyMs, run.window.steadyMs];
  if (Math.abs(theirs - own) > 0.2 * own) return "its window was cut short, or lengthened";
  return undefined;
}

/** Weights of the workers on other machines, as they stand to each other; those of an older result were all alike. */
function dealtBy({ run: { remote } }: RunResult): string {
  const weights = remote?.workers.map(({ weight = 1 }) => weight) ?? [];
  const least = Math.min(...weights);
  // However many equal workers there are, they play the same sessions.
  if (weights.every((weight) => weight === least)) return "";
  return weights
    .map((weight) => weight / least)
    .sort((a, b) => a - b)
    .join(" ");
}

/** The name of a run over NATS is its user's: the same every night, maybe. */
export function isSameRun(one: RunResult, other: RunResult): boolean {
  return one.run.id === other.run.id && one.run.startedAt === other.run.startedAt;
}

/** What of a scenario decides the figures: all but its name and its gates, and where the dataset lies. */
function loadOf({ scenario }: RunResult): string {
  const { load, warmupMs, steadyMs, audio, conditions, recognition, connections, transport } =
    scenario as Record<string, unknown>;
  const sound = { ...(audio as object | undefined), dataset: undefined };
  return JSON.stringify([load, warmupMs, steadyMs, sound, conditions, recognition, connections, transport]);
}

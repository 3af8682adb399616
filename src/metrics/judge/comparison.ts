/**
 * Two servers held against each other. The pair of runs is the unit: both sides of a pair play the same plan, one right
 * after the other, so what the machine does to both cancels out. Differences are candidate - baseline.
 */
import type { ServerMark } from "../../base/server-mark.ts";
import { commonMark } from "../../base/server-mark.ts";
import { defined } from "../../base/defined.ts";
import { CLAIM_ALPHA, judgeDifferences, type DifferenceVerdict } from "../stats/difference.ts";
import { compareByClip, MORE_CLIPS } from "./clip-figures.ts";
import type { Figure, Margins } from "./figure.ts";
import { figureIn, marginFor, pooledFigure } from "./figure.ts";
import type { Inference } from "../stats/paired.ts";
import { deviation, inferFromPairs, inferFromRuns, lessCertain, mean } from "../stats/paired.ts";
import { pairsNeeded } from "../stats/power.ts";
import type { RunResult } from "../result/result.ts";

const COMPARISON_SCHEMA = "riva-bench/comparison@1";

/** Fewer pairs judge one figure alone: Holm over two asks for p <= 0.025, which six can't reach. */
const PAIRS_FOR_SEVERAL = 8;

export interface ComparisonRow {
  figure: Figure;
  /** Declared beforehand to decide the verdict; the others are shown for what they are worth. */
  gating: boolean;
  /** Over all sessions of a side, in the figure's unit; for values of whole runs their mean. */
  baseline?: number;
  candidate?: number;
  /** Mean over the pairs of candidate - baseline. */
  difference?: number;
  /** 95 %, of this figure by itself. */
  interval?: readonly [low: number, high: number];
  method?: Inference["method"];
  margin?: number;
  /** Of gating rows. */
  verdict?: DifferenceVerdict;
  /** Pairs that would likely (80 %) decide an inconclusive one; absent when a thousand would not. */
  pairsNeeded?: number;
  advice?: string;
}

export interface Side extends ServerMark {
  name: string;
  uri: string;
  model?: string;
  /** Present when the load came in through this project's gateway: over which of its dialects, and what is behind it. */
  gateway?: { dialect: "binary" | "realtime"; upstreams: string };
  /** Run ids. */
  runs: readonly string[];
}

export type ComparisonVerdict = DifferenceVerdict | "mixed" | "void";

/** What the runs alone say. */
export interface Comparison {
  schema: typeof COMPARISON_SCHEMA;
  /** Of the candidate. "mixed": better in one gating figure, worse in another. "void": no pair can be believed. */
  verdict: ComparisonVerdict;
  design: "interleaved pairs" | "stored runs";
  baseline: Side;
  candidate: Side;
  rows: readonly ComparisonRow[];
}

/** Two sets of runs: pairs made together, or sets without an order. */
export interface Compared {
  baseline: readonly RunResult[];
  candidate: readonly RunResult[];
  /** The n-th of one belongs to the n-th of the other. */
  paired: boolean;
}

/** @param gating declared before the runs, the primary one first */
export function compareRuns(
  compared: Compared,
  gating: readonly Figure[],
  others: readonly Figure[],
  margins: Margins,
): Comparison {
  const { baseline, candidate, paired } = compared;
  const few = paired && baseline.length < PAIRS_FOR_SEVERAL;
  const judged = few ? gating.slice(0, 1) : gating;
  const asked = judged.map((figure) => ask(compared, figure, margins));
  const verdicts = judgeDifferences(asked);
  const rows = [
    ...asked.map((one, index) => ({ ...rowOf(one), gating: true, ...verdictOf(one, verdicts[index]) })),
    ...gating.slice(judged.length).map((figure): ComparisonRow => {
      const advice = `${PAIRS_FOR_SEVERAL} pairs are needed to judge more than the primary figure`;
      return {
        ...rowOf(ask(compared, figure, margins)),
        ...{ gating: true, verdict: "inconclusive", pairsNeeded: PAIRS_FOR_SEVERAL, advice },
      };
    }),
    ...others.map((figure) => ({ ...rowOf(ask(compared, figure, margins)), gating: false })),
  ];
  return {
    schema: COMPARISON_SCHEMA,
    verdict: overall(rows, baseline.length * candidate.length),
    design: paired ? "interleaved pairs" : "stored runs",
    baseline: sideOf(baseline),
    candidate: sideOf(candidate),
    rows,
  };
}

interface Asked {
  figure: Figure;
  better: Figure["better"];
  baseline: number | undefined;
  candidate: number | undefined;
  /** Of the pairs; empty for sets without an order. */
  differences: readonly number[];
  inference: Inference | undefined;
  margin: number;
}

function ask({ baseline, candidate, paired }: Compared, figure: Figure, margins: Margins): Asked {
  const byClip = compareByClip(baseline, candidate, figure);
  const before = byClip?.baseline ?? pooledFigure(baseline, figure);
  const differences = paired ? differencesOf(baseline, candidate, figure) : [];
  const ofRuns = paired
    ? differences.length === 0
      ? undefined
      : inferFromPairs(differences)
    : inferFromRuns(valuesOf(baseline, figure), valuesOf(candidate, figure));
  const inference = byClip?.inference === undefined ? ofRuns : lessCertain(byClip.inference, ofRuns);
  return {
    figure,
    better: figure.better,
    baseline: before,
    candidate: byClip?.candidate ?? pooledFigure(candidate, figure),
    differences,
    inference,
    margin: marginFor(figure, margins, before ?? 0),
  };
}

/** Of the pairs that have a value on both sides. */
function differencesOf(
  baseline: readonly RunResult[],
  candidate: readonly RunResult[],
  figure: Figure,
): number[] {
  return baseline.flatMap((run, index) => {
    const other = candidate[index];
    const before = figureIn(run, figure);
    const after = other === undefined ? undefined : figureIn(other, figure);
    return before === undefined || after === undefined ? [] : [after - before];
  });
}

function valuesOf(runs: readonly RunResult[], figure: Figure): number[] {
  return runs.flatMap((run) => figureIn(run, figure) ?? []);
}

function rowOf({ figure, baseline, candidate, inference, margin }: Asked): ComparisonRow {
  const interval = inference?.interval(1 - CLAIM_ALPHA);
  return {
    figure,
    gating: false,
    ...defined({ baseline, candidate }),
    ...(inference === undefined ? {} : { difference: inference.estimate, method: inference.method, margin }),
    ...defined({ interval }),
  };
}

const MORE_RUNS = "at least 6 pairs, or 2 runs a side, are needed";

function verdictOf(
  { baseline, candidate, differences, inference, margin }: Asked,
  verdict: DifferenceVerdict = "inconclusive",
): Partial<ComparisonRow> {
  if (verdict !== "inconclusive") return { verdict };
  if (baseline === undefined || candidate === undefined)
    return { verdict, advice: "not measured on both sides" };
  if (inference?.method === "clips") return { verdict, advice: MORE_CLIPS };
  if (inference === undefined || differences.length < 2) return { verdict, advice: MORE_RUNS };
  const needed = pairsNeeded({ shift: mean(differences), deviation: deviation(differences), margin });
  if (needed === undefined) {
    return {
      verdict,
      advice: "the difference is so near to the margin that more pairs would hardly decide it",
    };
  }
  const pairs = Math.max(needed, differences.length + 1, 6);
  return { verdict, pairsNeeded: pairs, advice: `about ${pairs} pairs would likely decide it` };
}

function overall(rows: readonly ComparisonRow[], valid: number): ComparisonVerdict {
  const verdicts = rows.flatMap(({ gating, verdict }) => (gating && verdict !== undefined ? [verdict] : []));
  const has = (wanted: DifferenceVerdict): boolean => verdicts.includes(wanted);
  if (valid === 0) return "void";
  if (has("better") && has("worse")) return "mixed";
  if (has("worse")) return "worse";
  if (has("better")) return "better";
  return has("inconclusive") || verdicts.length === 0 ? "inconclusive" : "equivalent";
}

function sideOf(runs: readonly RunResult[]): Side {
  const target = runs[0]?.target;
  return {
    name: target?.name ?? "",
    uri: target?.uri ?? "",
    ...commonMark(runs.map((run) => run.target)),
    ...(target?.model === undefined ? {} : { model: target.model }),
    ...gatewayOf(target),
    runs: runs.map(({ run }) => run.id),
  };
}

function gatewayOf(target: RunResult["target"] | undefined): Pick<Side, "gateway"> {
  if (target?.server?.["gateway"] === undefined) return {};
  const dialect = target.kind === "gateway" ? "binary" : "realtime";
  return { gateway: { dialect, upstreams: target.server["upstreams"] ?? "" } };
}

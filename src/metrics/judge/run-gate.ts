/** The gate: stored runs of one candidate, held to their SLOs and against a baseline of earlier runs. Pure. */
import { BenchError } from "../../base/errors.ts";
import type { RunResult } from "../result/result.ts";
import type { Figure, Margins } from "./figure.ts";
import type { Regression } from "./regression.ts";
import { judgeRegression, whyNotComparable } from "./regression.ts";

/** "worse": every SLO holds, and the baseline was better by more than the margin. */
export type GateOutcome = "pass" | "fail" | "worse" | "void" | "inconclusive";

/** `bench gate --json`. */
export interface GateReport {
  schema: "riva-bench/gate@1";
  verdict: GateOutcome;
  runs: readonly RunResult[];
  regression?: Regression;
  /** Runs that were offered as a baseline and could not be compared. */
  leftOut: readonly { run: string; why: string }[];
}

/**
 * Judges runs of one candidate: void before all, then failed SLOs, then the baseline, then doubt.
 *
 * @param baseline earlier runs; those of another load or machine are left out; undefined: the SLOs alone decide
 * @param figures what must not get worse
 * @throws BenchError (exit 2): candidates of different loads, or a baseline and no figure to compare
 */
export function judgeRuns(
  runs: readonly RunResult[],
  baseline: readonly RunResult[] | undefined,
  figures: readonly Figure[],
  margins: Margins,
): GateReport {
  const has = (verdict: RunResult["verdict"]): boolean => runs.some((run) => run.verdict === verdict);
  const { comparable, leftOut } = sort(runs, baseline ?? []);
  const report = {
    schema: "riva-bench/gate@1",
    runs,
    leftOut,
    ...(baseline === undefined || has("void")
      ? {}
      : { regression: judgeRegression(comparable, runs, figures, margins) }),
  } as const;
  const rows = "regression" in report ? report.regression.rows : [];
  if (baseline !== undefined && figures.length === 0) {
    throw BenchError.usage("nothing to compare: the run has no SLO", 'Name figures: --metric "keep_up"');
  }
  const partial = runs.some(({ run }) => run.interrupted);
  const doubt = partial || has("inconclusive") || rows.some(({ verdict }) => verdict === "inconclusive");
  const verdict = has("void")
    ? "void"
    : has("fail")
      ? "fail"
      : rows.some((row) => row.verdict === "fail")
        ? "worse"
        : doubt
          ? "inconclusive"
          : "pass";
  return { ...report, verdict };
}

/** The baseline runs that every candidate can be held against, and why not the others. */
function sort(
  runs: readonly RunResult[],
  baseline: readonly RunResult[],
): { comparable: RunResult[]; leftOut: { run: string; why: string }[] } {
  const comparable: RunResult[] = [];
  const leftOut: { run: string; why: string }[] = [];
  const [first, ...others] = runs;
  for (const other of others) {
    const why = first === undefined ? undefined : whyNotComparable(other, first);
    if (baseline.length > 0 && why !== undefined && other.verdict !== "void") {
      throw BenchError.usage(
        `runs ${first?.run.id ?? ""} and ${other.run.id} can't be judged as one candidate: ${why}`,
      );
    }
  }
  for (const result of baseline) {
    const why = runs.map((run) => whyNotComparable(result, run)).find((text) => text !== undefined);
    if (why === undefined) comparable.push(result);
    else leftOut.push({ run: result.run.id, why });
  }
  return { comparable, leftOut };
}

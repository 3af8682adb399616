/** SLOs of any wording against a run that is over. */
import { parseSlo } from "../metrics/judge/slo.ts";
import type { RunResult } from "../metrics/result/result.ts";
import { rejudge } from "./rejudge.ts";
import { openStoredRun } from "./stored-run.ts";

/**
 * Holds a stored run to these SLOs instead of its scenario's, from its session records: percentiles are certified from counted
 * violations.
 *
 * @param folder of the run, or its `result.json`
 * @param slos such as `final_from_close p95 < 800ms`
 * @returns its result with the new checks and the verdict that follows from them
 * @throws BenchError (exit 2) for an SLO that can't be read, no run there, or records that an SLO needs and that are gone
 */
export async function evaluateSlos(folder: string, slos: readonly string[]): Promise<RunResult> {
  const parsed = slos.map((slo) => parseSlo(slo));
  return rejudge(await openStoredRun(folder, "."), parsed);
}
